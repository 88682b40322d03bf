package io.aerofusion.platform;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** Reads the command line of a node. */
final class CommandLine {
    static final String HELP = """
            Usage: aerofusion [OPTIONS]

            Starts a node and serves until Ctrl-C.

              --port PORT              where the API listens (default 8080; 0: any free port)
              --host HOST              the address it binds to (default 127.0.0.1; any other needs the TLS options)
              --gateway-port PORT      where the gateway listens (default 8000; 0: any free port)
              --data DIRECTORY         where the node keeps its data (default: ./data)
              --database URL           use this PostgreSQL (jdbc:postgresql://...) instead of the embedded one
              --join HOST:PORT         join the cluster of the node with that cluster address; may be repeated
              --cluster-host HOST      the address other nodes reach this one at (default 127.0.0.1)
              --cluster-port PORT      the port other nodes reach this one at (default: any free port)
              --regional-key FILE      the key that all nodes of a region share (default: made in the data directory)
              --region NAME            name of the region (default: local)
              --tls-certificate FILE   certificate chain, PEM
              --tls-key FILE           private key, PEM (PKCS#8)
              --help                   show this

            Everything else is set in application.conf (another file: -Dconfig.file=FILE); reference.conf explains every key.
            """;

    /** Options that set one configuration key. */
    private static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("--host", "aerofusion.http.host"),
            Map.entry("--port", "aerofusion.http.port"),
            Map.entry("--gateway-port", "aerofusion.gateway.port"),
            Map.entry("--data", "aerofusion.data"),
            Map.entry("--database", "aerofusion.database"),
            Map.entry("--cluster-host", "aerofusion.cluster.host"),
            Map.entry("--cluster-port", "aerofusion.cluster.port"),
            Map.entry("--region", "aerofusion.region"),
            Map.entry("--regional-key", "aerofusion.regional-key"),
            Map.entry("--tls-certificate", "aerofusion.http.tls-certificate"),
            Map.entry("--tls-key", "aerofusion.http.tls-key"));

    private CommandLine() {}

    /** What the arguments ask for. */
    sealed interface Parsed {}

    record Help() implements Parsed {}

    record Wrong(String sentence) implements Parsed {}

    record Start(NodeOptions options) implements Parsed {}

    static Parsed parse(String... arguments) {
        Deque<String> rest = new ArrayDeque<>(List.of(arguments));
        Config settings = ConfigFactory.empty();
        List<String> join = new ArrayList<>();
        while (!rest.isEmpty()) {
            String argument = rest.pop();
            if (argument.equals("--help") || argument.equals("-h")) {
                return new Help();
            }
            int equals = argument.indexOf('=');
            String option = equals < 0 ? argument : argument.substring(0, equals);
            if (!option.equals("--join") && !KEYS.containsKey(option)) {
                return new Wrong("there is no option " + option);
            }
            String value = equals < 0 ? rest.poll() : argument.substring(equals + 1);
            if (value == null || value.isBlank()) {
                return new Wrong(option + " needs a value");
            }
            String wrong = check(option, value);
            if (!wrong.isEmpty()) {
                return new Wrong(wrong);
            }
            if (option.equals("--join")) {
                join.add(value);
            } else {
                settings = settings.withValue(KEYS.get(option), ConfigValueFactory.fromAnyRef(value));
            }
        }
        Config all = NodeConfig.load(settings);
        return new Start(new NodeOptions(
                Path.of(all.getString("aerofusion.data")), all.getInt("aerofusion.http.port"), join, settings));
    }

    /** What is wrong with a value; "" when nothing is. */
    private static String check(String option, String value) {
        return switch (option) {
            case "--port", "--cluster-port", "--gateway-port" ->
                isPort(value) ? "" : option + " is a number from 0 to 65535, not " + value;
            case "--join" -> {
                int colon = value.lastIndexOf(':');
                yield colon > 0 && isPort(value.substring(colon + 1)) ? "" : "--join needs HOST:PORT, not " + value;
            }
            case "--database" ->
                value.startsWith("jdbc:postgresql:") ? "" : "--database needs a URL that begins with jdbc:postgresql:";
            case "--region" ->
                value.matches("[a-z0-9-]{1,32}") ? "" : "--region is 1 to 32 of a-z, 0-9 and -, not " + value;
            default -> "";
        };
    }

    private static boolean isPort(String text) {
        return text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= 65_535;
    }
}
