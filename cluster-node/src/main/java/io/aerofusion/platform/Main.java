package io.aerofusion.platform;

/** Starts a node from the command line. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        switch (CommandLine.parse(arguments)) {
            case CommandLine.Help help -> System.out.print(CommandLine.HELP);
            case CommandLine.Wrong wrong -> {
                System.err.println("aerofusion: " + wrong.sentence() + " (--help lists the options)");
                System.exit(2);
            }
            case CommandLine.Start start -> run(start.options());
        }
    }

    private static void run(NodeOptions options) {
        Node node;
        try {
            node = Node.start(options);
        } catch (StartException e) {
            System.err.println("aerofusion: " + e.getMessage());
            System.exit(1);
            return;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(node::stop, "stop"));
        System.out.println(Banner.of(node));
    }
}
