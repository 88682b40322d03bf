package io.aerofusion.route;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.IOAccess;
import org.graalvm.polyglot.proxy.ProxyArray;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;

/**
 * One page of a server with its scripts running, as somebody sees and uses it. Scripts are loaded and requests are made over HTTP; the
 * language is GraalJS, the DOM is linkedom, and browser.js is what lies between. All of the page runs on the thread of the test and only
 * within {@link #until}, one task after the other, so that nothing happens between a look at the page and a click on it.
 */
final class Browser implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String MODULE = "application/javascript+module";
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(LIMIT)
            .build();
    /** Shared, so that the DOM is parsed once. That scripts are interpreted needs no warning: it is what we want. */
    private static final Engine ENGINE = Engine.newBuilder("js")
            .option("engine.WarnInterpreterOnly", "false")
            .build();

    private static final Source DOM = source(linkedom(), "linkedom.js", MODULE);
    private static final Source GLUE =
            source("/io/aerofusion/route/browser.js", "browser.js", "application/javascript");

    /** What the page asked a server for. */
    record Request(String method, URI uri, List<String> headers) {}

    /** Something that the page does when its time has come. */
    private record Task(long id, long due, Runnable work) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(due - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            Task task = (Task) other;
            return due == task.due ? Long.compare(id, task.id) : Long.signum(due - task.due);
        }
    }

    private final DelayQueue<Task> tasks = new DelayQueue<>();
    private final List<Request> requests = new ArrayList<>();
    private final Deque<Boolean> answers = new ArrayDeque<>();
    private final List<String> questions = new ArrayList<>();
    private final Context context;
    private final Value page;
    private long lastTask;
    private int underWay;
    private String copied = "";

    /** Opens a page; an address may end in a fragment. */
    Browser(URI address) {
        HttpResponse<String> html = get(address);
        if (!html.headers().firstValue("Content-Security-Policy").orElse("").contains("script-src 'self'")) {
            throw new AssertionError("browser.js keeps to a policy that " + address + " does not have");
        }
        context = Context.newBuilder("js")
                .engine(ENGINE)
                .allowExperimentalOptions(true)
                .option("js.esm-eval-returns-exports", "true")
                .option("js.unhandled-rejections", "throw")
                .allowIO(IOAccess.newBuilder()
                        .fileSystem(new ServedScripts(address))
                        .build())
                .build();
        // linkedom keeps its table of named characters in Base64
        context.getBindings("js").putMember("atob", (ProxyExecutable) arguments ->
                new String(Base64.getDecoder().decode(arguments[0].asString()), StandardCharsets.ISO_8859_1));
        Value dom = context.eval(DOM);
        page = context.eval(GLUE).execute(dom, window(), address.toString(), html.body());
        Value scripts = page.invokeMember("scripts");
        for (long i = 0; i < scripts.getArraySize(); i++) {
            String script = scripts.getArrayElement(i).asString();
            if (!script.startsWith("/")) {
                throw new AssertionError("The page's policy forbids a script of its own or from elsewhere.");
            }
            context.eval(Source.newBuilder("js", "import '" + script + "';", "page.js")
                    .mimeType(MODULE)
                    .buildLiteral());
        }
    }

    private static String linkedom() {
        Properties build = new Properties();
        try (InputStream in =
                Browser.class.getResourceAsStream("/META-INF/maven/org.webjars.npm/linkedom/pom.properties")) {
            build.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "/META-INF/resources/webjars/linkedom/" + build.getProperty("version") + "/worker.js";
    }

    private static Source source(String resource, String name, String type) {
        try (InputStream in = Browser.class.getResourceAsStream(resource)) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Source.newBuilder("js", text, name).mimeType(type).build();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A part of the page. */
    static HttpResponse<String> get(URI uri) {
        try {
            HttpRequest request = HttpRequest.newBuilder(uri).timeout(LIMIT).build();
            HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new AssertionError(uri + " answers " + response.statusCode());
            }
            return response;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** What browser.js needs of Java. */
    private ProxyObject window() {
        return ProxyObject.fromMap(Map.of(
                "resolve",
                (ProxyExecutable) arguments -> resolved(arguments[0].asString(), arguments[1]),
                "send",
                (ProxyExecutable) arguments -> send(arguments),
                "later",
                (ProxyExecutable)
                        arguments -> later(Duration.ofMillis(arguments[0].asLong()), arguments[1]::executeVoid),
                "forget",
                (ProxyExecutable) arguments -> tasks.removeIf(task -> task.id == arguments[0].asLong()),
                "now",
                (ProxyExecutable) arguments -> System.nanoTime() / 1e6,
                "confirm",
                (ProxyExecutable) arguments -> {
                    questions.add(arguments[0].asString());
                    return answers.remove();
                },
                "copy",
                (ProxyExecutable) arguments -> copied = arguments[0].asString()));
    }

    /** Address, origin and fragment; null for what is no address. */
    private static ProxyArray resolved(String url, Value base) {
        try {
            URI uri = base.isNull()
                    ? URI.create(url)
                    : URI.create(base.asString()).resolve(url);
            if (uri.getScheme() == null || uri.getRawAuthority() == null) {
                return null;
            }
            String fragment = uri.getRawFragment() == null ? "" : "#" + uri.getRawFragment();
            return ProxyArray.fromArray(uri.toString(), uri.getScheme() + "://" + uri.getRawAuthority(), fragment);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private long later(Duration wait, Runnable work) {
        tasks.add(new Task(++lastTask, System.nanoTime() + wait.toNanos(), work));
        return lastTask;
    }

    /** Arguments: method, address, names and values of headers, body or null, who gets the response, who gets the failure. */
    private Object send(Value... arguments) {
        String method = arguments[0].asString();
        URI uri = URI.create(arguments[1].asString());
        List<String> headers = List.of(arguments[2].as(String[].class));
        HttpRequest.BodyPublisher body = arguments[3].isNull()
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(arguments[3].asString());
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(LIMIT).method(method, body);
        if (!headers.isEmpty()) {
            request.headers(headers.toArray(String[]::new));
        }
        requests.add(new Request(method, uri, headers));
        underWay++;
        Value taken = arguments[4];
        Value failed = arguments[5];
        long id = ++lastTask;
        HTTP.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).whenComplete((response, failure) -> {
            Runnable work = () -> {
                underWay--;
                if (failure == null) {
                    taken.executeVoid(response.statusCode(), pairs(response), response.body());
                } else {
                    failed.executeVoid("Failed to fetch");
                }
            };
            tasks.add(new Task(id, System.nanoTime(), work));
        });
        return id;
    }

    private static ProxyArray pairs(HttpResponse<String> response) {
        List<Object> pairs = new ArrayList<>();
        response.headers().map().forEach((name, values) -> {
            pairs.add(name);
            pairs.add(String.join(", ", values));
        });
        return ProxyArray.fromList(pairs);
    }

    /** Lets the page go on until this holds; looks before each of the page's tasks. */
    void until(String what, BooleanSupplier holds) {
        long begun = System.nanoTime();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - begun > LIMIT.toNanos()) {
                throw new AssertionError("waited in vain: " + what + "; the page says\n" + text("body"));
            }
            try {
                Task next = tasks.poll(20, TimeUnit.MILLISECONDS);
                if (next != null) {
                    next.work.run();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }

    /** Lets the page go on until it says this somewhere. */
    void untilSays(String selector, String text) {
        until(selector + " says " + text, () -> text(selector).contains(text));
    }

    /** Lets the page go on until no request is under way and nothing is due; what it will do later does not count. */
    void untilQuiet() {
        until(
                "quiet",
                () -> underWay == 0 && tasks.stream().noneMatch(task -> task.getDelay(TimeUnit.NANOSECONDS) <= 0));
    }

    /** Clicks on the one element that is seen, can be used, and says this; one that says nothing else goes first. */
    void click(String selector, String text) {
        page.invokeMember("click", selector, text);
    }

    /** Writes into the field with this label. */
    void type(String label, String text) {
        page.invokeMember("type", label, text);
    }

    /** Chooses an option of the field with this label. */
    void choose(String label, String option) {
        page.invokeMember("choose", label, option);
    }

    /** What stands in the field with this label. */
    String value(String label) {
        return page.invokeMember("value", label).asString();
    }

    /** What is seen of the elements that fit, each in a line. */
    String text(String selector) {
        return page.invokeMember("text", selector).asString();
    }

    /** How many elements that fit are seen. */
    int count(String selector) {
        return page.invokeMember("count", selector).asInt();
    }

    /** How many elements that fit there are, seen or not. */
    int countAll(String selector) {
        return page.invokeMember("countAll", selector).asInt();
    }

    /** How many elements that fit are seen and can be used. */
    int enabled(String selector) {
        return page.invokeMember("enabled", selector).asInt();
    }

    /** The whole document, also what is not seen. */
    String markup() {
        return page.invokeMember("markup").asString();
    }

    /** Says yes or no to the page's next question. */
    void answerNext(boolean yes) {
        answers.add(yes);
    }

    /** What the page asked for a yes or no. */
    List<String> questions() {
        return List.copyOf(questions);
    }

    /** What the page put into the clipboard last. */
    String copied() {
        return copied;
    }

    List<Request> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() {
        context.close();
    }
}
