package io.aerofusion.gateway.upstream;

/**
 * How many retries an upstream gets beside its requests.
 *
 * @param percent of the requests of the last ten seconds, 0 to 100
 * @param minRetriesPerSecond allowed whatever the share is
 */
public record RetryShare(int percent, int minRetriesPerSecond) {
    public static final RetryShare DEFAULT = new RetryShare(20, 10);

    public RetryShare {
        if (percent < 0 || percent > 100 || minRetriesPerSecond < 0) {
            throw new IllegalArgumentException("A retry budget is 0 to 100 percent and a minimum of at least 0.");
        }
    }
}
