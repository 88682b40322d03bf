package io.aerofusion.space;

/** What a member may do in a space; each includes those before it. */
public enum SpaceRight {
    READ,
    WRITE,
    /** Members, schemas, conflicts and quarantine. */
    MANAGE;

    public boolean includes(SpaceRight other) {
        return compareTo(other) >= 0;
    }
}
