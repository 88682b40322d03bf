package io.aerofusion.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Discovery against a real name server; time passes by hand, so that only the network is waited for. */
@SuppressWarnings("try") // what follows an origin is only there to be closed
final class DiscoveryTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final DnsServer server = new DnsServer(group);
    private final NettyDnsLookup dns = new NettyDnsLookup(group.next(), List.of(server.address()));
    private final FakeTimeline timeline = new FakeTimeline();
    private volatile ServiceLookup services = ServiceLookup.NONE;
    private final EndpointSources sources = new EndpointSources(
            dns, (name, port) -> services.lookup(name, port), EndpointSource.fixed(List.of()), timeline, bound -> 0);
    private volatile @Nullable List<Target.Weighted> told;
    private final AtomicInteger tellings = new AtomicInteger();

    @AfterEach
    void close() {
        dns.close();
        server.close();
        assertThat(group.shutdownGracefully(0, 10, TimeUnit.SECONDS).awaitUninterruptibly(60_000))
                .isTrue();
    }

    @Test
    void addresses_of_both_kinds_are_refreshed_when_their_ttl_is_over() {
        server.addresses("orders.test", 30, "10.0.0.1", "10.0.0.2", "fd00::1");
        try (var following = follow(new Origin.DnsAddresses("orders.test", 8080, null))) {
            awaitTold("10.0.0.1:8080*1", "10.0.0.2:8080*1", "[fd00:0:0:0:0:0:0:1]:8080*1");
            assertThat(told).allMatch(weighted -> weighted.target().hostname().equals("orders.test"));
            int asked = server.questions.size();
            server.addresses("orders.test", 30, "10.0.0.2", "10.0.0.3");
            timeline.advance(Duration.ofSeconds(29));
            assertThat(server.questions).hasSize(asked);
            timeline.advance(Duration.ofSeconds(1));
            awaitTold("10.0.0.2:8080*1", "10.0.0.3:8080*1");
        }
    }

    @Test
    void the_next_name_server_is_asked_when_the_first_fails() {
        server.failing = true;
        try (var next = new DnsServer(group);
                var both = new NettyDnsLookup(group.next(), List.of(server.address(), next.address()))) {
            next.addresses("orders.test", 30, "10.0.0.1");
            assertThat(both.addresses("orders.test").toCompletableFuture())
                    .succeedsWithin(LIMIT)
                    .satisfies(answer -> assertThat(answer.records()).hasSize(1));
            assertThat(server.questions).as("the first").isNotEmpty();
        }
    }

    @Test
    void a_ttl_is_bounded_and_a_configured_refresh_wins() {
        server.addresses("short.test", 0, "10.0.0.1");
        server.addresses("long.test", 86_400, "10.0.0.1");
        server.addresses("set.test", 86_400, "10.0.0.1");
        assertThat(refreshesAfter(new Origin.DnsAddresses("short.test", 1, null)))
                .isEqualTo(RefreshedSource.REFRESH_MIN);
        assertThat(refreshesAfter(new Origin.DnsAddresses("long.test", 1, null)))
                .isEqualTo(RefreshedSource.REFRESH_MAX);
        assertThat(refreshesAfter(new Origin.DnsAddresses("set.test", 1, Duration.ofSeconds(7))))
                .isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void the_last_answer_is_kept_while_dns_fails() {
        server.addresses("orders.test", 5, "10.0.0.1");
        try (var following = follow(new Origin.DnsAddresses("orders.test", 8080, null))) {
            awaitTold("10.0.0.1:8080*1");
            server.failing = true;
            for (int i = 0; i < 10; i++) {
                refresh(RefreshedSource.REFRESH_FAILED);
            }
            assertThat(tellings).hasValue(1);
            server.failing = false;
            server.addresses("orders.test", 5, "10.0.0.9");
            refresh(RefreshedSource.REFRESH_FAILED);
            awaitTold("10.0.0.9:8080*1");
        }
    }

    @Test
    void that_a_name_is_gone_is_believed_when_heard_three_times() {
        server.addresses("orders.test", 5, "10.0.0.1");
        try (var following = follow(new Origin.DnsAddresses("orders.test", 8080, null))) {
            awaitTold("10.0.0.1:8080*1");
            server.forgetAll();
            refresh(Duration.ofSeconds(5));
            refresh(Duration.ofSeconds(5));
            assertThat(tellings).hasValue(1);
            refresh(Duration.ofSeconds(5));
            awaitTold();
        }
    }

    @Test
    void the_same_records_in_another_order_are_no_change() {
        server.addresses("orders.test", 5, "10.0.0.1", "10.0.0.2");
        try (var following = follow(new Origin.DnsAddresses("orders.test", 8080, null))) {
            awaitTold("10.0.0.1:8080*1", "10.0.0.2:8080*1");
            server.addresses("orders.test", 5, "10.0.0.2", "10.0.0.1");
            refresh(Duration.ofSeconds(5));
            assertThat(tellings).hasValue(1);
        }
    }

    @Test
    void a_name_that_never_was_is_known_to_be_empty_at_once() {
        try (var following = follow(new Origin.DnsAddresses("nowhere.test", 8080, null))) {
            awaitTold();
        }
    }

    @Test
    void services_tell_ports_and_weights_and_the_best_priority_is_used() {
        server.services(
                "_http._tcp.orders.test",
                30,
                "10 3 8081 a.orders.test",
                "10 0 8082 b.orders.test",
                "20 9 8083 spare.orders.test");
        server.addresses("a.orders.test", 60, "10.0.0.1");
        server.addresses("b.orders.test", 60, "10.0.0.2", "10.0.0.3");
        server.addresses("spare.orders.test", 60, "10.0.0.4");
        try (var following = follow(new Origin.DnsServices("_http._tcp.orders.test", null))) {
            awaitTold("10.0.0.1:8081*3", "10.0.0.2:8082*1", "10.0.0.3:8082*1");
            assertThat(told)
                    .extracting(weighted -> weighted.target().hostname())
                    .contains("a.orders.test");
            server.services("_http._tcp.orders.test", 30, "20 9 8083 spare.orders.test");
            refresh(Duration.ofSeconds(30));
            awaitTold("10.0.0.4:8083*9");
        }
    }

    /** The question was never over then, so that nobody asked again. */
    @Test
    void an_answer_that_cannot_be_read_is_a_failure_and_is_asked_for_again() {
        server.unreadableService("_http._tcp.orders.test");
        try (var following = follow(new Origin.DnsServices("_http._tcp.orders.test", null))) {
            await().atMost(LIMIT).until(() -> {
                timeline.advance(Duration.ZERO);
                return !following.failure().isEmpty();
            });
            assertThat(told).as("what is known stays").isNull();
            server.services("_http._tcp.orders.test", 30, "10 0 8081 a.orders.test");
            server.addresses("a.orders.test", 60, "10.0.0.1");
            refresh(RefreshedSource.REFRESH_FAILED);
            awaitTold("10.0.0.1:8081*1");
        }
    }

    /** A name that is found at once tells on another thread: what it put together without the addresses could be heard after them. */
    @Test
    void nothing_is_told_without_the_listed_addresses() {
        Timeline atOnce = new Timeline() {
            @Override
            public long nanos() {
                return timeline.nanos();
            }

            @Override
            public Scheduled schedule(Duration delay, Runnable task) {
                if (delay.isZero()) {
                    task.run();
                }
                return () -> {};
            }
        };
        DnsLookup known = new DnsLookup() {
            @Override
            public CompletionStage<Answer<InetAddress>> addresses(String name) {
                return CompletableFuture.completedStage(
                        new Answer<>(List.of(InetAddress.getLoopbackAddress()), Duration.ofSeconds(30)));
            }

            @Override
            public CompletionStage<Answer<Service>> services(String name) {
                return CompletableFuture.failedStage(new AssertionError("nobody asks for services"));
            }
        };
        List<List<Target.Weighted>> tellings = new ArrayList<>();
        Origin listed = new Origin.Listed(
                List.of(new Origin.Address("orders.test", 8080, 5), new Origin.Address("10.0.0.1", 80, 2)));
        new EndpointSources(known, ServiceLookup.NONE, EndpointSource.fixed(List.of()), atOnce, bound -> 0)
                .apply(listed)
                .open(tellings::add)
                .close();
        assertThat(tellings.getLast()).hasSize(2);
        assertThat(tellings)
                .allSatisfy(targets -> assertThat(targets)
                        .extracting(weighted -> weighted.target().text())
                        .contains("10.0.0.1:80"));
    }

    @Test
    void listed_names_are_followed_beside_listed_addresses() {
        server.addresses("orders.test", 30, "10.0.0.1", "10.0.0.2");
        List<Origin.Address> listed = List.of(
                new Origin.Address("127.0.0.1", 80, 2),
                new Origin.Address("[::1]", 80, 1),
                new Origin.Address("orders.test", 8080, 5));
        try (var following = follow(new Origin.Listed(listed))) {
            awaitTold("10.0.0.1:8080*5", "10.0.0.2:8080*5", "127.0.0.1:80*2", "[0:0:0:0:0:0:0:1]:80*1");
        }
    }

    @Test
    void a_node_s_discovery_is_asked_every_few_seconds_and_may_fail() {
        services = (name, port) -> CompletableFuture.completedStage(List.of(
                new Target.Weighted(Bench.target(name.equals("orders") && "http".equals(port) ? 1 : 9), 1)));
        try (var following = follow(new Origin.Service("orders", "http"))) {
            awaitTold("10.0.0.1:8080*1");
            services = ServiceLookup.NONE;
            timeline.advance(EndpointSources.DISCOVERY_REFRESH);
            assertThat(tellings).hasValue(1);
            services =
                    (name, port) -> CompletableFuture.completedStage(List.of(new Target.Weighted(Bench.target(2), 1)));
            timeline.advance(RefreshedSource.REFRESH_FAILED);
            awaitTold("10.0.0.2:8080*1");
        }
        services = (name, port) -> {
            throw new AssertionError("closed");
        };
        timeline.advance(Duration.ofMinutes(1));
        assertThat(timeline.waiting()).isZero();
    }

    private EndpointSource.Subscription follow(Origin origin) {
        told = null;
        tellings.set(0);
        EndpointSource.Subscription subscription = sources.apply(origin).open(targets -> {
            told = targets;
            tellings.incrementAndGet();
        });
        timeline.advance(Duration.ZERO);
        return subscription;
    }

    private Duration refreshesAfter(Origin origin) {
        try (var following = follow(origin)) {
            await().atMost(LIMIT).untilAsserted(() -> {
                timeline.advance(Duration.ZERO);
                assertThat(told).isNotNull();
            });
            int asked = server.questions.size();
            Duration wait = timeline.untilNext();
            timeline.advance(wait);
            await().atMost(LIMIT).until(() -> server.questions.size() > asked);
            return wait;
        }
    }

    /** Lets the time until the next question pass, and waits until its answer was heard. */
    private void refresh(Duration time) {
        timeline.advance(time);
        await().atMost(LIMIT).until(() -> {
            timeline.advance(Duration.ZERO);
            // an answer that came this very moment is still to be heard
            return timeline.waiting() == 1 && !timeline.untilNext().isZero();
        });
    }

    private void awaitTold(String... endpoints) {
        await().atMost(LIMIT).untilAsserted(() -> {
            timeline.advance(Duration.ZERO);
            assertThat(told).isNotNull();
            assertThat(told)
                    .extracting(weighted -> weighted.target().text() + "*" + weighted.weight())
                    .containsExactlyInAnyOrder(endpoints);
        });
    }
}
