package io.aerofusion.platform.persistence;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The key of a region: it wraps the data keys and keys the blind indexes. It lies in a file that only the node reads and that is
 * backed up apart from the database; all nodes of a region have the same.
 *
 * <p>The file has one {@code index} line, which never changes, and {@code key.N} lines: the highest N wraps, the others still
 * open what they wrapped. To rotate, add a line on every node, then restart them.
 */
final class RegionalKey {
    private static final int KEY_ID_MAX = 127;

    private final Path file;
    private volatile NavigableMap<Integer, SecretKey> keys;
    private final SecretKeySpec index;

    private RegionalKey(Path file, NavigableMap<Integer, SecretKey> keys, SecretKeySpec index) {
        this.file = file;
        this.keys = keys;
        this.index = index;
    }

    /** Writes a new key file, unless another node that has the same file was faster: what one node uses is never replaced. */
    static void create(Path file) throws IOException {
        Base64.Encoder base64 = Base64.getEncoder();
        DataDirectory.writePrivatelyUnlessThere(
                file, """
                # The regional key. Whoever has this file and the database can read everything; without it nobody can.
                # Keep a copy of it apart from the database's backups. Every node of the region needs the same file.
                index = %s
                key.1 = %s
                """.formatted(base64.encodeToString(AesGcm.newKey()), base64.encodeToString(AesGcm.newKey())));
    }

    /** @throws StartException when the file cannot be read, makes no sense or is open to others */
    static RegionalKey read(Path file) {
        NavigableMap<Integer, SecretKey> keys = new TreeMap<>();
        SecretKeySpec index = null;
        try {
            refuseIfOpenToOthers(file);
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                Map.Entry<String, byte[]> entry = entry(line);
                if (entry.getKey().equals("index")) {
                    index = new SecretKeySpec(entry.getValue(), "HmacSHA256");
                } else if (entry.getKey().startsWith("key.")) {
                    keys.put(keyId(entry.getKey()), AesGcm.key(entry.getValue()));
                } else {
                    throw new IllegalArgumentException("an unknown line");
                }
            }
        } catch (IOException e) {
            throw new StartException("The regional key file " + file + " cannot be read (" + e + ").", e);
        } catch (IllegalArgumentException e) { // its message never holds what the file holds
            throw new StartException("The regional key file " + file + " is damaged: bring back a copy of it.", e);
        }
        if (index == null || keys.isEmpty()) {
            throw new StartException("The regional key file " + file + " is incomplete: bring back a copy of it.");
        }
        return new RegionalKey(file, keys, index);
    }

    /** Seals under the newest key; the first byte names it. */
    byte[] wrap(byte[] plaintext, byte[] associated) {
        Map.Entry<Integer, SecretKey> newest = keys.lastEntry();
        byte[] sealed = AesGcm.seal(newest.getValue(), plaintext, associated);
        byte[] wrapped = new byte[sealed.length + 1];
        wrapped[0] = newest.getKey().byteValue();
        System.arraycopy(sealed, 0, wrapped, 1, sealed.length);
        return wrapped;
    }

    /** @throws IllegalStateException when it was wrapped with a key that the file does not hold, or changed since */
    byte[] unwrap(byte[] wrapped, byte[] associated) {
        @Nullable SecretKey key = wrapped.length == 0 ? null : key(wrapped[0]);
        if (key == null) {
            throw new IllegalStateException("wrapped with a regional key that the file does not hold");
        }
        byte[] sealed = new byte[wrapped.length - 1];
        System.arraycopy(wrapped, 1, sealed, 0, sealed.length);
        return AesGcm.open(key, sealed, associated);
    }

    /** A rotation reaches nodes one by one: what a restarted node wrapped already, the others open by a look into their file. */
    private @Nullable SecretKey key(int id) {
        SecretKey known = keys.get(id);
        if (known == null) {
            keys = read(file).keys;
            known = keys.get(id);
        }
        return known;
    }

    /** HMAC-SHA256 (RFC 2104), hex. */
    String digest(String value) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(index);
            return HexFormat.of().formatHex(mac.doFinal(value.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    private static Map.Entry<String, byte[]> entry(String line) {
        int equals = line.indexOf('=');
        if (equals < 0) {
            throw new IllegalArgumentException("a line without =");
        }
        byte[] value = Base64.getDecoder().decode(line.substring(equals + 1).strip());
        if (value.length != AesGcm.KEY_BYTES) {
            throw new IllegalArgumentException("a key of another length");
        }
        return Map.entry(line.substring(0, equals).strip(), value);
    }

    private static int keyId(String name) {
        int id = Integer.parseInt(name.substring("key.".length()));
        if (id < 1 || id > KEY_ID_MAX) {
            throw new IllegalArgumentException("a key number outside of 1.." + KEY_ID_MAX);
        }
        return id;
    }

    private static void refuseIfOpenToOthers(Path file) throws IOException {
        if (DataDirectory.posix()) {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw new StartException(
                        "The regional key file " + file + " is open to other users: run chmod 600 on it.");
            }
        }
    }
}
