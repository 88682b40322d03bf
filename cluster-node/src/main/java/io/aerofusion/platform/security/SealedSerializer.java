package io.aerofusion.platform.security;

import akka.serialization.SerializerWithStringManifest;
import java.io.NotSerializableException;

/** Writes {@link Sealed} as it is. The identifier and the manifest stand in every row of the journal: they never change. */
public final class SealedSerializer extends SerializerWithStringManifest {
    static final int IDENTIFIER = 1_470_201;
    static final String MANIFEST = "S1";

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object object) {
        return MANIFEST;
    }

    @Override
    public byte[] toBinary(Object object) {
        return ((Sealed) object).content();
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
        if (!manifest.equals(MANIFEST)) {
            throw new NotSerializableException("sealed by a later version: manifest " + manifest);
        }
        return new Sealed(bytes);
    }
}
