package io.aerofusion.space;

/** The name of a document in its space. */
public record DocumentKey(String collection, String id) implements Comparable<DocumentKey> {
    @Override
    public int compareTo(DocumentKey other) {
        int byCollection = collection.compareTo(other.collection);
        return byCollection != 0 ? byCollection : id.compareTo(other.id);
    }
}
