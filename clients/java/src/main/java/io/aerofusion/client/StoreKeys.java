package io.aerofusion.client;

/**
 * The keys under which a replica stores things. Names are length-prefixed, so that any name can stand in a key and one name is never
 * the prefix of another; numbers are hexadecimal of fixed width, so that they are in order.
 */
final class StoreKeys {
    /** What belongs to the device as a whole. */
    static final String DEVICE = "device";

    private StoreKeys() {}

    /** Prefix of all spaces' own entries. */
    static String spaces() {
        return "s";
    }

    static String space(String space) {
        return spaces() + space;
    }

    /** Prefix of all confirmed documents of a space. */
    static String documents(String space) {
        return "d" + sized(space);
    }

    static String documents(String space, String collection) {
        return documents(space) + sized(collection);
    }

    static String document(String space, DocumentKey key) {
        return documents(space, key.collection()) + key.id();
    }

    /** The document that a key of {@link #documents(String)} stands for. */
    static DocumentKey documentOf(String space, String key) {
        int from = documents(space).length();
        int colon = key.indexOf(':', from);
        int end = colon + 1 + Integer.parseInt(key, from, colon, 10);
        return new DocumentKey(key.substring(colon + 1, end), key.substring(end + 1));
    }

    /** Prefix of the mutations that are not acknowledged. */
    static String queue(String space) {
        return "q" + sized(space);
    }

    /** Prefix of the mutations that are acknowledged but not yet known to be replicated. */
    static String kept(String space) {
        return "k" + sized(space);
    }

    /** Prefix of the rejections that the application has not dismissed. */
    static String rejections(String space) {
        return "r" + sized(space);
    }

    /** Prefix of the conflicts that the application has not dismissed. */
    static String conflicts(String space) {
        return "c" + sized(space);
    }

    static String numbered(String prefix, long number) {
        String hex = Long.toHexString(number);
        return prefix + "0".repeat(16 - hex.length()) + hex;
    }

    static long numberOf(String key) {
        return Long.parseUnsignedLong(key, key.length() - 16, key.length(), 16);
    }

    /** The first key after all that begin with the prefix, which ends with a character of ASCII. */
    static String after(String prefix) {
        int last = prefix.length() - 1;
        return prefix.substring(0, last) + (char) (prefix.charAt(last) + 1);
    }

    private static String sized(String name) {
        return name.length() + ":" + name + ":";
    }
}
