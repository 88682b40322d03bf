package io.aerofusion.space;

/** How the value at a path merges; declared by {@code x-sync} in the collection's JSON Schema. */
public enum ValueType {
    /** Last writer wins. */
    LWW,
    /** A sum of increments; integers only. */
    COUNTER,
    /** A set of JSON values; an addition wins over a removal that did not know it. */
    ORSET,
    /** An ordered list of JSON values. */
    LIST,
    /** The greatest number ever set. */
    MAX,
    /** The smallest number ever set. */
    MIN,
    /** A text that the server never looks into, for instance encrypted by the client; last writer wins. */
    OPAQUE
}
