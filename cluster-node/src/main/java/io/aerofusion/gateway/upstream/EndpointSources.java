package io.aerofusion.gateway.upstream;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The sources for all kinds of origins. */
final class EndpointSources implements Function<Origin, EndpointSource> {
    /** How often service discovery is asked. */
    static final Duration DISCOVERY_REFRESH = Duration.ofSeconds(5);
    /** Of the names in SRV records no more are resolved. */
    static final int SERVICES_MAX = 100;

    private final DnsLookup dns;
    private final ServiceLookup services;
    private final EndpointSource platform;
    private final Timeline timeline;
    private final Dice dice;

    EndpointSources(DnsLookup dns, ServiceLookup services, EndpointSource platform, Timeline timeline, Dice dice) {
        this.dns = dns;
        this.services = services;
        this.platform = platform;
        this.timeline = timeline;
        this.dice = dice;
    }

    @Override
    public EndpointSource apply(Origin origin) {
        return switch (origin) {
            case Origin.Listed listed -> listed(listed.addresses());
            case Origin.DnsAddresses name ->
                refreshed(
                        name.hostname(),
                        () -> addresses(name.hostname(), name.port(), 1).thenApply(held(name.refresh())));
            case Origin.DnsServices name ->
                refreshed(name.hostname(), () -> services(name.hostname()).thenApply(held(name.refresh())));
            case Origin.Service service ->
                refreshed(
                        service.name(),
                        () -> services.lookup(service.name(), service.port())
                                .thenApply(targets -> new RefreshedSource.Found(targets, DISCOVERY_REFRESH)));
            case Origin.Platform nodes -> platform;
        };
    }

    private EndpointSource refreshed(String name, Supplier<CompletionStage<RefreshedSource.Found>> question) {
        return new RefreshedSource(name, question, timeline, dice);
    }

    private static Function<RefreshedSource.Found, RefreshedSource.Found> held(@Nullable Duration refresh) {
        return found -> refresh == null ? found : new RefreshedSource.Found(found.targets(), refresh);
    }

    private CompletionStage<RefreshedSource.Found> addresses(String name, int port, int weight) {
        return dns.addresses(name)
                .thenApply(answer -> new RefreshedSource.Found(
                        answer.records().stream()
                                .map(address ->
                                        new Target.Weighted(new Target(withoutDot(name), address, port), weight))
                                .toList(),
                        answer.ttl()));
    }

    private CompletionStage<RefreshedSource.Found> services(String name) {
        return dns.services(name).thenCompose(answer -> {
            int best = answer.records().stream()
                    .mapToInt(DnsLookup.Service::priority)
                    .min()
                    .orElse(0);
            CompletionStage<RefreshedSource.Found> all =
                    CompletableFuture.completedStage(new RefreshedSource.Found(List.of(), answer.ttl()));
            List<DnsLookup.Service> records = answer.records().stream()
                    .filter(record -> record.priority() == best)
                    .sorted(Comparator.comparing(DnsLookup.Service::target).thenComparingInt(DnsLookup.Service::port))
                    .limit(SERVICES_MAX)
                    .toList();
            for (DnsLookup.Service record : records) {
                CompletionStage<RefreshedSource.Found> one =
                        addresses(record.target(), record.port(), Math.max(1, record.weight()));
                all = all.thenCombine(one, EndpointSources::joined);
            }
            return all;
        });
    }

    private static RefreshedSource.Found joined(RefreshedSource.Found one, RefreshedSource.Found other) {
        List<Target.Weighted> targets = new ArrayList<>(one.targets());
        targets.addAll(other.targets());
        return new RefreshedSource.Found(targets, one.ttl().compareTo(other.ttl()) < 0 ? one.ttl() : other.ttl());
    }

    /** Addresses are there at once; names are followed in DNS, each by itself. */
    private EndpointSource listed(List<Origin.Address> addresses) {
        List<EndpointSource> parts = new ArrayList<>();
        List<Target.Weighted> fixed = new ArrayList<>();
        for (Origin.Address address : addresses) {
            byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address.host());
            if (bytes == null) {
                parts.add(refreshed(address.host(), () -> addresses(address.host(), address.port(), address.weight())));
            } else {
                fixed.add(new Target.Weighted(
                        new Target(unbracketed(address.host()), inet(bytes), address.port()), address.weight()));
            }
        }
        if (parts.isEmpty()) {
            return EndpointSource.fixed(fixed);
        }
        if (!fixed.isEmpty()) {
            // First, so that they are in whatever is told: the others tell on the timeline, one after the other, and
            // what one of them put together without these could be heard after them, and stay.
            parts.addFirst(EndpointSource.fixed(fixed));
        }
        return listener -> new Union(listener, parts);
    }

    /** A name as certificates have it: SRV records end theirs with the dot of the root. */
    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private static InetAddress inet(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("Addresses have 4 or 16 bytes", e);
        }
    }

    /** What several sources tell, as one list; told as soon as one of them has told. */
    private static final class Union implements EndpointSource.Subscription {
        private final Consumer<List<Target.Weighted>> listener;
        private final List<List<Target.Weighted>> told = new ArrayList<>();
        private final List<EndpointSource.Subscription> parts = new ArrayList<>();

        Union(Consumer<List<Target.Weighted>> listener, List<EndpointSource> sources) {
            this.listener = listener;
            for (int i = 0; i < sources.size(); i++) {
                told.add(List.of());
            }
            for (int i = 0; i < sources.size(); i++) {
                int part = i;
                parts.add(sources.get(i).open(targets -> tell(part, targets)));
            }
        }

        private void tell(int part, List<Target.Weighted> targets) {
            List<Target.Weighted> all;
            synchronized (told) {
                told.set(part, targets);
                all = told.stream().flatMap(List::stream).toList();
            }
            listener.accept(all);
        }

        @Override
        public String failure() {
            return parts.stream()
                    .map(EndpointSource.Subscription::failure)
                    .filter(failure -> !failure.isEmpty())
                    .findFirst()
                    .orElse("");
        }

        @Override
        public void close() {
            parts.forEach(EndpointSource.Subscription::close);
        }
    }
}
