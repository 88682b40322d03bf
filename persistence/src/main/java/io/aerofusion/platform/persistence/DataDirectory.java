package io.aerofusion.platform.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A node's data directory, held by one node at a time.
 *
 * <p>The hold is a lock of the operating system on the file {@code lock}: it ends with the process, however that dies, so there
 * is never a stale one to remove. Files that hold secrets are readable by their owner only.
 */
public final class DataDirectory implements AutoCloseable {
    /** What this JVM holds. To open and close the file once more would let go of the lock: POSIX gives it to the whole process. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel lockFile;
    private final FileLock lock;

    private DataDirectory(Path path, FileChannel lockFile, FileLock lock) {
        this.path = path;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** Creates what is missing and takes hold. @throws StartException when another node holds it or it cannot be written */
    public static DataDirectory open(Path directory) {
        Path path = directory.toAbsolutePath().normalize();
        try {
            createPrivateDirectory(path);
            path = path.toRealPath(); // one name, whichever link leads here
            createPrivateDirectory(path.resolve("secrets"));
            if (!HELD.add(path)) {
                throw inUse(path, Long.toString(ProcessHandle.current().pid()));
            }
            try {
                return lock(path);
            } catch (IOException | RuntimeException e) {
                HELD.remove(path);
                throw e;
            }
        } catch (IOException e) {
            throw new StartException("The data directory " + path + " cannot be used (" + e + ").", e);
        }
    }

    private static DataDirectory lock(Path path) throws IOException {
        FileChannel file = FileChannel.open(
                path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock();
        if (lock == null) {
            String holder = readHolder(file);
            file.close();
            throw inUse(path, holder);
        }
        file.truncate(0);
        file.write(ascii(Long.toString(ProcessHandle.current().pid())), 0);
        return new DataDirectory(path, file, lock);
    }

    private static StartException inUse(Path path, String holder) {
        return new StartException("The data directory " + path + " is in use by another node"
                + (holder.isEmpty() ? "" : " (process " + holder + ")")
                + ": stop that node, or give this one a directory of its own with --data.");
    }

    public Path path() {
        return path;
    }

    /** Where the embedded PostgreSQL keeps its files. */
    public Path postgres() {
        return path.resolve("postgres");
    }

    /** The log of the embedded PostgreSQL. */
    public Path postgresLog() {
        return path.resolve("postgres.log");
    }

    /** The password of the embedded PostgreSQL. */
    public Path postgresPassword() {
        return secrets().resolve("postgres-password");
    }

    /** The regional key file, unless the operator names another. */
    public Path regionalKey() {
        return secrets().resolve("regional.key");
    }

    /** The erasures this node knows of; outside of the database, so that a restored database cannot forget them. */
    public Path erasureLedger() {
        return path.resolve("erasures.ledger");
    }

    /** Where tokens and passwords lie; mode 700. */
    public Path secrets() {
        return path.resolve("secrets");
    }

    /** Lets the next node in. */
    @Override
    public void close() {
        try {
            lock.release();
            lockFile.close();
            HELD.remove(path);
        } catch (IOException e) {
            throw new IllegalStateException("the lock on " + path + " could not be released", e);
        }
    }

    /** Writes a file that only its owner may read, whole or not at all, and durably. */
    public static void writePrivately(Path file, String content) throws IOException {
        writePrivately(file, content.getBytes(StandardCharsets.UTF_8));
    }

    /** As {@link #writePrivately(Path, String)}. */
    public static void writePrivately(Path file, byte[] content) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".draft");
        Files.deleteIfExists(draft);
        if (posix()) {
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        writeDurably(draft, content);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        keepNames(file.toAbsolutePath().resolveSibling("."));
    }

    /** As {@link #writePrivately(Path, String)}, but leaves a file alone that is there already, whoever made it and when. */
    static void writePrivatelyUnlessThere(Path file, String content) throws IOException {
        Path directory = file.toAbsolutePath().resolveSibling(".");
        Path draft = Files.createTempFile(directory, file.getFileName() + ".", ".draft");
        try {
            writeDurably(draft, content.getBytes(StandardCharsets.UTF_8));
            link(file, draft);
        } catch (FileAlreadyExistsException e) {
            return; // another process was faster
        } finally {
            Files.deleteIfExists(draft);
        }
        keepNames(directory);
    }

    /** Gives the draft its name, in one step where the file system knows links. */
    private static void link(Path file, Path draft) throws IOException {
        try {
            Files.createLink(file, draft);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(draft, file);
        }
    }

    private static void writeDurably(Path file, byte[] content) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
    }

    /** Lets the names in a directory survive a loss of power, where the system can do that for a directory. */
    private static void keepNames(Path directory) {
        if (!posix()) {
            return;
        }
        try (FileChannel names = FileChannel.open(directory, StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            return; // a file system that cannot; the file itself is there
        }
    }

    static boolean posix() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    }

    static void createPrivateDirectory(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        if (posix()) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(directory);
        }
    }

    private static String readHolder(FileChannel file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(20);
        file.read(buffer, 0);
        return StandardCharsets.US_ASCII.decode(buffer.flip()).toString();
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }
}
