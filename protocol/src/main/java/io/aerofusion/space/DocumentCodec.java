package io.aerofusion.space;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** How one document stands in a snapshot. Every origin is written once per document. */
final class DocumentCodec {
    private DocumentCodec() {}

    /** Writes one document. */
    static final class Writer {
        private final SnapshotWriter out;
        private final boolean contests;
        private final Map<Origin, Integer> origins = new HashMap<>();

        Writer(SnapshotWriter out, boolean contests) {
            this.out = out;
            this.contests = contests;
        }

        void document(Document document) throws IOException {
            origins.clear();
            out.text(document.collection());
            out.text(document.id());
            out.stamp(document.incarnation());
            origin(document.born());
            origins(List.of(document.updated()));
            out.number(document.removed().length);
            for (Document.Removal removal : document.removed()) {
                out.text(removal.device());
                out.number(removal.seq());
                origin(removal.by());
            }
            out.flag(document.deleteWon());
            origins(List.of(document.heads()));
            out.number(document.cells().length);
            for (Cell cell : document.cells()) {
                cell(cell);
            }
            if (contests) {
                contest(document.contest());
            }
        }

        private void contest(Contest contest) throws IOException {
            out.number(contest.open().size());
            for (Contest.Entry entry : contest.open()) {
                out.stamp(entry.winner());
                out.stamp(entry.loser());
                out.value(entry.value());
                origin(entry.by());
            }
            out.number(contest.settled().size());
            for (Contest.Settled settled : contest.settled()) {
                dot(settled.dot());
                origin(settled.origin());
                origin(settled.by());
            }
        }

        private void origins(List<Origin> list) throws IOException {
            out.number(list.size());
            for (Origin origin : list) {
                origin(origin);
            }
        }

        /** 0 for none, 1 and the origin for a new one, else its place in the document's table counted from 2. */
        private void origin(@Nullable Origin origin) throws IOException {
            if (origin == null) {
                out.number(0);
                return;
            }
            Integer known = origins.get(origin);
            if (known != null) {
                out.number(known);
                return;
            }
            out.number(1);
            out.text(origin.region());
            out.number(origin.number());
            out.text(origin.device());
            out.number(origin.seq());
            out.number(origin.hlc());
            origins.put(origin, origins.size() + 2);
        }

        private void cell(Cell cell) throws IOException {
            out.number(cell.kind().code());
            out.text(cell.path());
            switch (cell) {
                case Register register -> {
                    origin(register.origin());
                    out.value(register.value());
                }
                case FirstWriter first -> {
                    origin(first.origin());
                    out.number(first.generation());
                    out.value(first.value());
                }
                case Extreme extreme -> {
                    origin(extreme.origin());
                    out.stamp(extreme.epoch());
                    out.value(extreme.value());
                }
                case Candidates candidates -> {
                    out.number(candidates.candidates().size());
                    for (Candidates.Candidate candidate : candidates.candidates()) {
                        origin(candidate.origin());
                        out.value(candidate.value());
                    }
                    out.number(candidates.superseded().size());
                    for (Candidates.Superseded superseded : candidates.superseded()) {
                        dot(superseded.dot());
                        origin(superseded.origin());
                        origin(superseded.by());
                    }
                }
                case Counter counter -> {
                    origin(counter.origin());
                    origins(counter.heads());
                    out.stamp(counter.epoch());
                    out.flag(counter.sum() != null);
                    out.signed(counter.sum() == null ? 0 : counter.sum());
                    out.number(counter.counted().size());
                    for (Map.Entry<String, SeqSet> counted : counter.counted().entrySet()) {
                        out.text(counted.getKey());
                        SpaceStateCodec.writeSeqs(counted.getValue(), out);
                    }
                }
                case Elements elements -> elements(elements);
            }
        }

        private void elements(Elements elements) throws IOException {
            origin(elements.origin());
            origins(elements.heads());
            out.number(elements.present().size());
            for (Elements.Element element : elements.present().values()) {
                dot(element.dot());
                out.value(element.value());
                out.text(element.position());
                origin(element.origin());
            }
            out.number(elements.gone().size());
            for (Map.Entry<Dot, Elements.Gone> gone : elements.gone().entrySet()) {
                dot(gone.getKey());
                String position = gone.getValue().position();
                out.flag(position != null);
                out.text(position == null ? "" : position);
                origin(gone.getValue().origin());
                origin(gone.getValue().by());
            }
        }

        private void dot(Dot dot) throws IOException {
            out.text(dot.device());
            out.number(dot.seq());
            out.number(dot.index());
        }
    }

    /** Reads one document. */
    static final class Reader {
        private final SnapshotReader in;
        private final boolean contests;
        private final List<Origin> origins = new ArrayList<>();

        Reader(SnapshotReader in, boolean contests) {
            this.in = in;
            this.contests = contests;
        }

        Document document() throws IOException {
            origins.clear();
            String collection = in.text();
            String id = in.text();
            Stamp incarnation = in.stamp();
            Origin born = originOrNull();
            Origin[] updated = origins().toArray(Origin[]::new);
            Document.Removal[] removed = new Document.Removal[in.count()];
            for (int i = 0; i < removed.length; i++) {
                removed[i] = new Document.Removal(in.text(), in.number(), origin());
            }
            boolean deleteWon = in.flag();
            Origin[] heads = origins().toArray(Origin[]::new);
            Cell[] cells = new Cell[in.count()];
            int weight = 0;
            for (int i = 0; i < cells.length; i++) {
                cells[i] = cell();
                weight += cells[i].weight();
            }
            return Document.restored(collection, id, incarnation, born, contests ? contest() : Contest.NONE)
                    .with(updated, removed, deleteWon, heads, cells, weight, true);
        }

        private Contest contest() throws IOException {
            List<Contest.Entry> open = new ArrayList<>();
            for (int i = in.count(); i > 0; i--) {
                open.add(new Contest.Entry(in.stamp(), in.stamp(), in.value(), origin()));
            }
            List<Contest.Settled> settled = new ArrayList<>();
            for (int i = in.count(); i > 0; i--) {
                settled.add(new Contest.Settled(dot(), originOrNull(), origin()));
            }
            return open.isEmpty() && settled.isEmpty()
                    ? Contest.NONE
                    : new Contest(List.copyOf(open), List.copyOf(settled));
        }

        private List<Origin> origins() throws IOException {
            int size = in.count();
            List<Origin> list = new ArrayList<>(size);
            for (int i = 0; i < size; i++) {
                list.add(origin());
            }
            return List.copyOf(list);
        }

        private Origin origin() throws IOException {
            Origin origin = originOrNull();
            if (origin == null) {
                throw new IOException("an origin is missing");
            }
            return origin;
        }

        private @Nullable Origin originOrNull() throws IOException {
            int place = in.count();
            if (place == 0) {
                return null;
            }
            if (place > 1) {
                return origins.get(place - 2);
            }
            Origin origin = new Origin(in.text(), in.number(), in.text(), in.number(), in.number());
            origins.add(origin);
            return origin;
        }

        private Cell cell() throws IOException {
            Cell.Kind kind = Cell.Kind.of(in.count());
            String path = in.text();
            return switch (kind) {
                case REGISTER -> {
                    Origin origin = origin();
                    yield new Register(path, in.value(), origin);
                }
                case FIRST_WRITER -> {
                    Origin origin = origin();
                    yield new FirstWriter(path, in.number(), in.value(), origin);
                }
                case MAX, MIN -> {
                    Origin origin = origin();
                    yield new Extreme(path, kind == Cell.Kind.MAX, in.stamp(), in.value(), origin);
                }
                case CANDIDATES -> candidates(path);
                case COUNTER -> counter(path);
                case SET, LIST -> elements(path, kind == Cell.Kind.LIST);
            };
        }

        private Candidates candidates(String path) throws IOException {
            List<Candidates.Candidate> candidates = new ArrayList<>();
            for (int i = in.count(); i > 0; i--) {
                Origin origin = origin();
                candidates.add(new Candidates.Candidate(in.value(), origin));
            }
            List<Candidates.Superseded> superseded = new ArrayList<>();
            for (int i = in.count(); i > 0; i--) {
                superseded.add(new Candidates.Superseded(dot(), originOrNull(), origin()));
            }
            return new Candidates(path, List.copyOf(candidates), List.copyOf(superseded));
        }

        private Counter counter(String path) throws IOException {
            Origin origin = origin();
            List<Origin> heads = origins();
            Stamp epoch = in.stamp();
            boolean summed = in.flag();
            long sum = in.signed();
            SortedMap<String, SeqSet> counted = new TreeMap<>();
            for (int i = in.count(); i > 0; i--) {
                counted.put(in.text(), SpaceStateCodec.readSeqs(in));
            }
            return new Counter(path, epoch, summed ? Long.valueOf(sum) : null, counted, origin, heads);
        }

        private Elements elements(String path, boolean list) throws IOException {
            Origin origin = origin();
            List<Origin> heads = origins();
            SortedMap<Dot, Elements.Element> present = new TreeMap<>();
            for (int i = in.count(); i > 0; i--) {
                Dot dot = dot();
                present.put(dot, new Elements.Element(dot, in.present(), in.text(), origin()));
            }
            SortedMap<Dot, Elements.Gone> gone = new TreeMap<>();
            for (int i = in.count(); i > 0; i--) {
                Dot dot = dot();
                boolean known = in.flag();
                String position = in.text();
                gone.put(dot, new Elements.Gone(known ? position : null, originOrNull(), origin()));
            }
            return new Elements(path, list, present, gone, origin, heads);
        }

        private Dot dot() throws IOException {
            return new Dot(in.text(), in.number(), in.count());
        }
    }
}
