package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigMemorySize;
import io.aerofusion.platform.persistence.StartException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.function.Predicate;

/**
 * The ranges of the settings under {@code aerofusion}, as reference.conf, space.conf, persistence.conf and docs/gateway.md state them. They
 * are checked before anything is started, all in one place: what reads a setting need not know how far it may go.
 */
final class SettingRanges {
    /** How a setting is written. */
    enum Kind {
        NUMBER {
            @Override
            BigDecimal read(Config config, String key) {
                return new BigDecimal(config.getNumber(key).toString());
            }
        },
        BYTES {
            @Override
            BigDecimal read(Config config, String key) {
                ConfigMemorySize size = config.getMemorySize(key);
                return new BigDecimal(size.toBytesBigInteger());
            }
        },
        DURATION {
            @Override
            BigDecimal read(Config config, String key) {
                return new BigDecimal(BigInteger.valueOf(config.getDuration(key).toNanos()));
            }
        };

        /** The value in one unit; what is none is refused by the configuration's own exception. */
        abstract BigDecimal read(Config config, String key);

        BigDecimal of(String text) {
            return read(ConfigFactory.parseString("value = " + text), "value");
        }
    }

    /** Where a setting ends, both ends included; {@code most} is empty where nothing but the type ends it. */
    record Range(String key, Kind kind, String least, String most) {
        boolean holds(BigDecimal value) {
            return value.compareTo(kind.of(least)) >= 0 && (most.isEmpty() || value.compareTo(kind.of(most)) <= 0);
        }

        String text() {
            return most.isEmpty() ? "at least " + least : least + " to " + most;
        }
    }

    static final List<Range> ALL = List.of(
            number("http.port", "0", "65535"),
            number("http.advertised-port", "0", "65535"),
            bytes("http.body-bytes-max", "1 KiB", "64 MiB"),
            bytes("http.bodies-in-flight-bytes-max", "1 KiB", ""),
            duration("http.body-timeout", "1s", "60s"),
            duration("http.head-timeout", "1s", "60s"),
            duration("http.handler-timeout", "60s", "10m"),
            duration("http.drain-timeout", "0s", "4s"),
            number("cluster.port", "0", "65535"),
            duration("cluster.join-timeout", "5s", "10m"),
            duration("user.erasures-resumed-every", "100ms", "10m"),
            number("blocking.threads", "1", "64"),
            number("blocking.queue-max", "100", "100000"),
            duration("stop-timeout", "5s", "60s"),
            number("journal.connections", "4", "64"),
            number("space.epoch", "1", ""),
            number("space.session.sessions-max", "1", "1000000"),
            bytes("space.session.frame-bytes-max", "4 KiB", "16 MiB"),
            number("space.session.spaces-max", "1", "1000"),
            number("space.session.pushes-in-flight-max", "1", "64"),
            bytes("space.session.credit-bytes", "1 KiB", "64 MiB"),
            bytes("space.session.unsent-bytes-max", "64 KiB", "16 MiB"),
            duration("space.session.hello-timeout", "1s", "60s"),
            duration("space.session.heartbeat", "5s", "10m"),
            duration("space.session.idle-timeout", "10s", "1h"),
            duration("space.session.close-timeout", "1s", "60s"),
            duration("space.session.reply-timeout", "2s", "60s"),
            duration("space.session.slow-after", "100ms", "60s"),
            duration("space.session.slow-retry", "100ms", "60s"),
            duration("space.session.seen-interval", "1s", "1h"),
            duration("space.session.presence-interval", "0s", "10s"),
            duration("space.session.token-recheck", "100ms", "1d"),
            duration("space.session.tick", "10ms", "5s"),
            number("space.entity.push-mutations-max", "1", "1000"),
            bytes("space.entity.document-bytes-max", "1 KiB", "16 MiB"),
            number("space.entity.nesting-max", "1", "100"),
            number("space.entity.quota-documents", "1", ""),
            bytes("space.entity.quota-bytes", "1 KiB", ""),
            bytes("space.entity.quarantine-bytes-max", "64 KiB", "64 MiB"),
            number("space.entity.members-max", "1", "100000"),
            number("space.entity.collections-max", "1", "10000"),
            bytes("space.entity.schema-bytes-max", "128 B", "1 MiB"),
            number("space.entity.devices-max", "1", "1000000"),
            number("space.entity.followers-max", "1", "1000000"),
            number("space.entity.waiting-max", "1", "1000000"),
            duration("space.entity.wait-max", "1s", "55s"),
            bytes("space.entity.presence-bytes-max", "16 B", "64 KiB"),
            number("space.entity.page-documents-max", "1", "100000"),
            bytes("space.entity.page-bytes-max", "1 KiB", "16 MiB"),
            bytes("space.entity.snapshot-bytes-min", "1 KiB", "1 GiB"),
            number("space.entity.history-events-max", "1", "1000000"),
            number("space.entity.history-requests-max", "1", "64"),
            duration("space.entity.lease", "100ms", "3650d"),
            duration("space.entity.purge-interval", "100ms", "1d"),
            duration("space.entity.passivate-after", "100ms", "1d"),
            number("gateway.port", "0", "65535"),
            number("gateway.threads", "0", "1024"),
            number("gateway.trace-sample-percent", "0", "100"),
            bytes("gateway.access-log.file-bytes-max", "1 KiB", ""),
            number("gateway.access-log.files-max", "2", "20"),
            number("gateway.access-log.sample-percent", "0", "100"),
            duration("gateway.access-log.slow-threshold", "1ms", "1h"),
            bytes("gateway.apis.document-bytes-max", "1 KiB", "64 MiB"),
            duration("gateway.apis.fetch-timeout", "100ms", "1m"),
            number("gateway.revocations-max", "1", "100000"),
            number("gateway.portal.consumers-per-user-max", "0", "1000"),
            number("gateway.portal.keys-per-consumer-max", "1", "32"),
            number("gateway.portal.changes-per-minute-max", "1", "1000"),
            duration("gateway.drain-timeout", "0s", "4s"),
            number("gateway.bounds.connections-max", "1", "1000000"),
            bytes("gateway.bounds.head-bytes-max", "1 KiB", "1 MiB"),
            bytes("gateway.bounds.target-bytes-max", "64 B", "1 MiB"),
            number("gateway.bounds.fields-max", "1", "10000"),
            bytes("gateway.bounds.body-bytes-max", "0 B", ""),
            bytes("gateway.bounds.read-ahead-bytes-max", "1 KiB", "16 MiB"),
            bytes("gateway.bounds.write-buffer-bytes-max", "1 KiB", "16 MiB"),
            number("gateway.bounds.idle-per-endpoint-max", "0", "10000"),
            number("gateway.bounds.requests-per-connection-max", "1", "2147483647"),
            number("gateway.bounds.streams-max", "1", "10000"),
            number("gateway.bounds.resets-per-minute-max", "1", "100000"),
            bytes("gateway.bounds.linger-bytes-max", "0 B", "64 MiB"),
            duration("gateway.timeouts.head", "100ms", "5m"),
            duration("gateway.timeouts.body-idle", "100ms", "10m"),
            duration("gateway.timeouts.keep-alive", "1s", "1h"),
            duration("gateway.timeouts.request", "10ms", "1h"),
            duration("gateway.timeouts.send-idle", "1s", "10m"),
            duration("gateway.timeouts.connect", "10ms", "1m"),
            duration("gateway.timeouts.upstream-idle", "1s", "1h"),
            duration("gateway.timeouts.tunnel-idle", "1s", "24h"),
            duration("gateway.timeouts.linger", "0s", "30s"));

    private SettingRanges() {}

    private static Range number(String key, String least, String most) {
        return new Range(key, Kind.NUMBER, least, most);
    }

    private static Range bytes(String key, String least, String most) {
        return new Range(key, Kind.BYTES, least, most);
    }

    private static Range duration(String key, String least, String most) {
        return new Range(key, Kind.DURATION, least, most);
    }

    /** @throws StartException which names the first setting that is out of its range, its value and the range */
    static void check(Config node) {
        Config own = node.getConfig("aerofusion");
        for (Range range : ALL) {
            refuse(own, range.key(), range.text(), value -> !range.holds(value), range.kind());
        }
        BigDecimal head = Kind.BYTES.read(own, "gateway.bounds.head-bytes-max");
        refuse(
                own,
                "gateway.bounds.target-bytes-max",
                "64 B to bounds.head-bytes-max",
                value -> value.compareTo(head) > 0,
                Kind.BYTES);
        BigDecimal body = Kind.BYTES.read(own, "http.body-bytes-max");
        refuse(
                own,
                "http.bodies-in-flight-bytes-max",
                "at least body-bytes-max",
                value -> value.compareTo(body) < 0,
                Kind.BYTES);
        BigDecimal twoBeats = Kind.DURATION.read(own, "space.session.heartbeat").multiply(BigDecimal.TWO);
        refuse(
                own,
                "space.session.idle-timeout",
                "at least twice the heartbeat, up to 1h",
                value -> value.compareTo(twoBeats) < 0,
                Kind.DURATION);
    }

    private static void refuse(Config own, String key, String range, Predicate<BigDecimal> outside, Kind kind) {
        BigDecimal value;
        try {
            value = kind.read(own, key);
        } catch (ConfigException unreadable) {
            throw new StartException(
                    "aerofusion." + key + " is " + own.getValue(key).unwrapped() + ", and may be " + range + ".",
                    unreadable);
        }
        if (outside.test(value)) {
            throw new StartException(
                    "aerofusion." + key + " is " + own.getValue(key).unwrapped() + ", and may be " + range + ".");
        }
    }

    /** @throws StartException when it is none */
    static void port(String what, int port) {
        if (port < 0 || port > 65_535) {
            throw new StartException(
                    "aerofusion.gateway.listeners: " + what + " is " + port + ", and may be 0 to 65535.");
        }
    }
}
