package io.aerofusion.platform;

import com.typesafe.config.Config;
import io.aerofusion.platform.persistence.Backup;
import io.aerofusion.platform.persistence.DataDirectory;
import io.aerofusion.platform.persistence.EmbeddedDatabase;
import io.aerofusion.platform.persistence.Restore;
import io.aerofusion.platform.persistence.StartException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The commands {@code backup}, which may run beside a node, and {@code restore}, which may not. */
final class BackupCommands {
    static final String HELP = """
            Usage: aerofusion backup --to FILE --keys-to DIRECTORY [--data DIRECTORY | --database URL]
                   aerofusion restore [--from FILE] --keys DIRECTORY [--data DIRECTORY] [--database URL]

            backup, while nodes run:
              --to FILE               the journal and all that is derived from it, sealed
              --keys-to DIRECTORY     the wrapped data keys and the erasure ledger; replaced at each backup. Somewhere else
                                      than the journal's backups, and never a copy that does not follow
            restore, while no node of the region runs:
              --from FILE             what backup wrote; the database must be empty. Without it: the database was restored
                                      by other means, and only erasures and epoch are left to do
              --keys DIRECTORY        the newest that backup wrote there
              --regional-key FILE     where it lies, if not in the data directory

            Both read application.conf as a node does. docs/guide.md, "Backup" and "Restore", tells when to use what.
            """;

    private static final Set<String> BOTH = Set.of("--data", "--database");
    private static final Set<String> OF_BACKUP = Set.of("--to", "--keys-to");
    private static final Set<String> OF_RESTORE = Set.of("--from", "--keys", "--regional-key");

    private BackupCommands() {}

    /** Whether the arguments are one of these commands. */
    static boolean knows(String... arguments) {
        return arguments.length > 0 && Set.of("backup", "restore").contains(arguments[0]);
    }

    /** Carries the command out; returns the exit code. */
    static int run(PrintStream out, PrintStream err, String... arguments) {
        boolean backup = arguments[0].equals("backup");
        Deque<String> rest = new ArrayDeque<>(List.of(arguments).subList(1, arguments.length));
        Map<String, String> options = new HashMap<>();
        while (!rest.isEmpty()) {
            String argument = rest.pop();
            int equals = argument.indexOf('=');
            String option = equals < 0 ? argument : argument.substring(0, equals);
            if (option.equals("--help")) {
                out.print(HELP);
                return 0;
            }
            if (!BOTH.contains(option) && !(backup ? OF_BACKUP : OF_RESTORE).contains(option)) {
                return wrong(err, "there is no option " + option);
            }
            String value = equals < 0 ? rest.poll() : argument.substring(equals + 1);
            if (value == null || value.isBlank()) {
                return wrong(err, option + " needs a value");
            }
            options.put(option, value);
        }
        String missing = backup ? missing(options, "--to", "--keys-to") : missing(options, "--keys");
        if (!missing.isEmpty()) {
            return wrong(err, missing + " is missing");
        }
        try {
            Config config = NodeConfig.load();
            Path data = Path.of(options.getOrDefault("--data", config.getString("aerofusion.data")));
            String url = options.getOrDefault("--database", config.getString("aerofusion.database"));
            if (backup) {
                backup(data, url, Path.of(options.get("--to")), Path.of(options.get("--keys-to")), out);
            } else {
                String key = options.getOrDefault("--regional-key", config.getString("aerofusion.regional-key"));
                String from = options.get("--from");
                restore(data, url, from == null ? null : Path.of(from), Path.of(options.get("--keys")), key, out);
            }
            return 0;
        } catch (StartException e) {
            err.println("aerofusion: " + e.getMessage());
            return 1;
        }
    }

    private static int wrong(PrintStream err, String sentence) {
        err.println("aerofusion: " + sentence + " (--help lists the options)");
        return 2;
    }

    private static String missing(Map<String, String> options, String... required) {
        for (String option : required) {
            if (!options.containsKey(option)) {
                return option;
            }
        }
        return "";
    }

    /** The keys after the journal: then every key that the journal needs is among them. */
    private static void backup(Path data, String url, Path journal, Path keys, PrintStream out) {
        if (url.isEmpty()) {
            Optional<String> running = EmbeddedDatabase.running(data);
            if (running.isEmpty()) {
                refuseUnlessData(data);
                try (DataDirectory directory = DataDirectory.open(data);
                        EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
                    backup(data, database.url(), journal, keys, out);
                }
                return;
            }
            url = running.get();
        }
        Backup.write(url, Backup.Part.JOURNAL, journal.toAbsolutePath());
        Backup.write(url, Backup.Part.KEYS, keys.resolve(Restore.KEYS_FILE).toAbsolutePath());
        copyLedger(data, keys);
        out.println("The journal is in " + journal + ", keys and erasures are in " + keys + ".");
    }

    private static void refuseUnlessData(Path data) {
        if (!Files.isDirectory(data.resolve("postgres"))) {
            throw new StartException(data + " holds no database: say --data or --database.");
        }
    }

    private static void copyLedger(Path data, Path keys) {
        Path ledger = data.resolve(Restore.LEDGER_FILE);
        if (!Files.exists(ledger)) {
            return; // of a node on another machine; the keys' backup tells of erasures too
        }
        try {
            Path draft = Files.createTempFile(keys, Restore.LEDGER_FILE + ".", ".draft");
            try {
                Files.copy(ledger, draft, StandardCopyOption.REPLACE_EXISTING);
                Files.move(
                        draft,
                        keys.resolve(Restore.LEDGER_FILE),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(draft);
            }
        } catch (IOException e) {
            throw new StartException("The erasure ledger could not be copied to " + keys + " (" + e + ").", e);
        }
    }

    private static void restore(
            Path data, String url, @Nullable Path journal, Path keys, String regionalKey, PrintStream out) {
        try (DataDirectory directory = DataDirectory.open(data)) {
            Path key = regionalKey.isEmpty() ? directory.regionalKey() : Path.of(regionalKey);
            onDatabase(directory, url, database -> {
                Restore.Result done = Restore.run(directory, database, journal, keys, key, Clock.systemUTC());
                out.println(
                        "Restored. Epoch " + done.epoch() + " begins: devices start again and send what is missing.");
                out.println("Erased people stay erased: " + done.keysDestroyed() + " keys destroyed again, "
                        + done.usersErased() + " users to be taken out of the lists by the next node that starts.");
            });
        }
    }

    private static void onDatabase(DataDirectory directory, String url, Consumer<String> work) {
        if (!url.isEmpty()) {
            work.accept(url);
            return;
        }
        try (EmbeddedDatabase database = EmbeddedDatabase.start(directory)) {
            work.accept(database.url());
        }
    }
}
