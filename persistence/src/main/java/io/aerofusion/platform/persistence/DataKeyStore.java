package io.aerofusion.platform.persistence;

final class DataKeyStore {
    static final String SCHEMA = "aerofusion_keys";

    private DataKeyStore() {}
}
