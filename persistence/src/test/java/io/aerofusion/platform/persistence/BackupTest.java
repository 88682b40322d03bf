package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.aerofusion.platform.persistence.Backup.Part;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What backups leave on the disk; what they hold is tested with nodes. */
class BackupTest {
    @TempDir
    Path directory;

    @Test
    void backupsThatOverlapDoNotTakeEachOthersDraft() throws Exception {
        String url = TestDatabase.migrated();
        Path file = directory.resolve("keys.backup");
        Runnable several = () -> {
            for (int i = 0; i < 5; i++) {
                Backup.write(url, Part.KEYS, file);
            }
        };
        try (ExecutorService two = Executors.newFixedThreadPool(2)) {
            for (Future<?> done : List.of(two.submit(several), two.submit(several))) {
                done.get(60, TimeUnit.SECONDS);
            }
        }
        Backup.read(TestDatabase.fresh(), Part.KEYS, file);
        assertThat(directory.toFile().list()).containsExactly("keys.backup");
    }

    @Test
    void aBackupThatFailsLeavesNothing() {
        String empty = TestDatabase.fresh();
        assertThatThrownBy(() -> Backup.write(empty, Part.KEYS, directory.resolve("keys.backup")))
                .isInstanceOf(StartException.class);
        assertThat(directory).isEmptyDirectory();
    }
}
