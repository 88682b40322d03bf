package io.aerofusion.platform;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line of the guide that asks the API with its shell function {@code api}, which is curl with a token; sent as curl sends it. */
record GuideCommand(String line, String method, String path, String type, String body) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern LINE = Pattern.compile("(?m)^api (.+)$");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

    static List<GuideCommand> in(String guide) {
        return LINE.matcher(guide)
                .results()
                .map(found -> of(found.group(), words(found.group(1))))
                .toList();
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find() && !word.group().startsWith("#")) {
            words.add(word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3));
        }
        return words;
    }

    private static GuideCommand of(String line, List<String> words) {
        String method = "";
        String url = "";
        String body = "";
        String type = "application/x-www-form-urlencoded";
        for (int i = 0; i < words.size(); i++) {
            switch (words.get(i)) {
                case "-X" -> method = words.get(++i);
                case "-H" -> type = words.get(++i).replace("Content-Type: ", "");
                case "-d", "--data-binary" -> body = words.get(++i);
                default -> url = words.get(i);
            }
        }
        return new GuideCommand(
                line,
                !method.isEmpty() ? method : body.isEmpty() ? "GET" : "POST",
                url.replace("$URL", ""),
                type,
                body);
    }

    /** Sends it; {@code file} is what {@code @gateway.yaml} stands for. */
    HttpResponse<String> send(URI node, String token, String file) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(node.resolve(path))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + token);
        if (body.isEmpty()) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", type)
                    .method(method, HttpRequest.BodyPublishers.ofString(body.equals("@gateway.yaml") ? file : body));
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    GuideCommand about(String name, String actual) {
        return new GuideCommand(line, method, path.replace(name, actual), type, body);
    }
}
