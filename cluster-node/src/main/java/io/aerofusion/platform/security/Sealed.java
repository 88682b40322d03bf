package io.aerofusion.platform.security;

/**
 * What the journal and the snapshot store hold of an entity: bytes under the data key of its subject, see {@link Sealing}.
 *
 * @param content as {@link io.aerofusion.platform.persistence.DataKey#seal} made it; not copied, nobody changes it
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier between adapter and serializer; nothing compares it
public record Sealed(byte[] content) {
    @Override
    public String toString() {
        return "Sealed[" + content.length + " bytes]";
    }
}
