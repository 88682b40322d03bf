package io.aerofusion.platform.persistence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    Path temporary;

    @Test
    void secondNodeOnTheSameDirectoryIsRefusedWithTheHoldersProcess() {
        try (DataDirectory held = DataDirectory.open(temporary.resolve("data"))) {
            assertThatThrownBy(() -> DataDirectory.open(held.path()))
                    .isInstanceOf(StartException.class)
                    .hasMessageContaining("in use by another node (process "
                            + ProcessHandle.current().pid() + ")")
                    .hasMessageContaining("--data");
        }
    }

    @Test
    void closedDirectoryIsFreeForTheNextNode() {
        DataDirectory.open(temporary).close();
        try (DataDirectory again = DataDirectory.open(temporary)) {
            assertThat(again.secrets()).isDirectory();
        }
    }

    @Test
    void lockFileLeftByADeadProcessHoldsNobodyUp() throws Exception {
        Files.writeString(temporary.resolve("lock"), "424242");
        try (DataDirectory directory = DataDirectory.open(temporary)) {
            assertThat(temporary.resolve("lock"))
                    .content()
                    .isEqualTo(Long.toString(ProcessHandle.current().pid()));
            assertThat(directory.path()).isEqualTo(temporary.toAbsolutePath());
        }
    }

    @Test
    void secretsAreReadableByTheirOwnerOnly() throws Exception {
        try (DataDirectory directory = DataDirectory.open(temporary.resolve("data"))) {
            DataDirectory.writePrivately(directory.postgresPassword(), "secret");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.postgresPassword())))
                    .isEqualTo("rw-------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.secrets())))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void directoryThatCannotBeMadeIsOneSentence() throws Exception {
        Path file = Files.writeString(temporary.resolve("file"), "");
        assertThatThrownBy(() -> DataDirectory.open(file.resolve("data")))
                .isInstanceOf(StartException.class)
                .hasMessageContaining("cannot be used");
    }
}
