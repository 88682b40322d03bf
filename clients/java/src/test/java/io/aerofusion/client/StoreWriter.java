package io.aerofusion.client;

import io.aerofusion.space.DocumentChange;
import io.aerofusion.space.Mutation;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The process that {@link StoreTest} kills: makes mutations and takes in pages as fast as it can, and says what is stored. */
final class StoreWriter {
    private StoreWriter() {}

    public static void main(String[] arguments) {
        Store store = new SqliteStore(Path.of(arguments[0]));
        SpaceContents contents = new SpaceContents("d", "s", store, new HybridClock(new FakeClock()));
        long page = contents.cursor() == null ? 0 : Long.parseLong(contents.cursor());
        while (true) {
            long number = contents.append(List.of(
                    Mutation.set("c", "id", 0, Map.of("n", TestDevice.json("1"))), Mutation.inc("c", "id", 0, "m", 1)));
            page++;
            contents.page(
                    List.of(new DocumentChange(
                            "pages",
                            "p",
                            false,
                            true,
                            Map.of("page", TestDevice.json(Long.toString(page))),
                            List.of(),
                            Map.of())),
                    Long.toString(page),
                    true);
            System.out.println(number);
        }
    }
}
