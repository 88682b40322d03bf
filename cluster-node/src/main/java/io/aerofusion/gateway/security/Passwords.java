package io.aerofusion.gateway.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Checks passwords away from the event loops and remembers what came out, since a check takes a fifth of a second. Bounded: two
 * threads, {@value #QUEUE_MAX} waiting checks (more are told to come again), {@value #REMEMBERED_MAX} remembered; the right ones for 5 minutes, the
 * wrong ones for 10 s. A changed password is another question, so its old answer does not count.
 */
final class Passwords implements AutoCloseable {
    static final int QUEUE_MAX = 64;
    static final int REMEMBERED_MAX = 10_000;
    static final Duration RIGHT = Duration.ofMinutes(5);
    static final Duration WRONG = Duration.ofSeconds(10);

    private static final int THREADS = 2;

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(QUEUE_MAX),
            Thread.ofPlatform().daemon().name("gateway-passwords-", 0).factory());
    private final Cache<Question, Boolean> remembered;
    private final ConcurrentHashMap<Question, CompletableFuture<Void>> asked = new ConcurrentHashMap<>();

    /** A password as it came, and the stored one; the latter by identity of its hash. */
    private record Question(TokenKey credentials, int stored) {}

    Passwords(LongSupplier ticker) {
        threads.allowCoreThreadTimeOut(true);
        this.remembered = Caffeine.newBuilder()
                .maximumSize(REMEMBERED_MAX)
                .ticker(ticker::getAsLong)
                .expireAfter(Expiry.creating((Question question, Boolean right) -> right ? RIGHT : WRONG))
                .build();
    }

    /** True or false when it is known, null when {@link #check} has to be asked. */
    @Nullable Boolean known(TokenKey credentials, PasswordHash stored) {
        return remembered.getIfPresent(new Question(credentials, Arrays.hashCode(stored.hash())));
    }

    /** Checks on another thread; completes when the answer is known, or null when too many wait. */
    @Nullable CompletableFuture<Void> check(TokenKey credentials, PasswordHash stored, char[] password) {
        Question question = new Question(credentials, Arrays.hashCode(stored.hash()));
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> other = asked.putIfAbsent(question, mine);
        if (other != null) {
            return other.copy();
        }
        try {
            threads.execute(() -> {
                try {
                    remembered.put(question, stored.matches(password));
                } finally {
                    Arrays.fill(password, '\0');
                    asked.remove(question);
                    mine.complete(null);
                }
            });
            return mine.copy();
        } catch (RejectedExecutionException full) {
            asked.remove(question);
            mine.complete(null);
            return null;
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
