package io.aerofusion.load.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;

/** Damages good messages at three depths: the meaning (JSON values), the text, and the bytes. */
final class Damage {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static final String[] TEXTS = {
        "NaN",
        "-Infinity",
        "1e999",
        "-0",
        "1.0",
        "9007199254740993",
        "123456789012345678901234567890",
        "\"\\ud800\"",
        "{\"a\":1,\"a\":2}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "]]]",
        "null",
        "\"\\u0000\"",
        ",",
        "}",
        "\"",
        "\\"
    };

    private final Random random;

    Damage(Random random) {
        this.random = random;
    }

    byte[] message(List<JsonNode> corpus) {
        if (random.nextInt(50) == 0) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            return noise;
        }
        JsonNode frame = corpus.get(random.nextInt(corpus.size())).deepCopy();
        for (int i = random.nextInt(4); i > 0; i--) {
            changeValue(frame, corpus);
        }
        String text = frame.toString();
        for (int i = Math.max(0, random.nextInt(6) - 3); i > 0; i--) {
            text = changeText(text);
        }
        byte[] message = pack(text.getBytes(StandardCharsets.UTF_8));
        for (int i = Math.max(0, random.nextInt(8) - 5); i > 0; i--) {
            message = changeBytes(message);
        }
        return message;
    }

    private void changeValue(JsonNode frame, List<JsonNode> corpus) {
        List<JsonNode> containers = new ArrayList<>();
        collect(frame, containers);
        JsonNode target = containers.get(random.nextInt(containers.size()));
        if (target instanceof ArrayNode array) {
            changeArray(array, containers, corpus);
        } else if (target instanceof ObjectNode object) {
            object.set(random.nextBoolean() ? "a" : "/b~0/c", value(containers, corpus));
        }
    }

    private void changeArray(ArrayNode array, List<JsonNode> containers, List<JsonNode> corpus) {
        int at = array.isEmpty() ? 0 : random.nextInt(array.size());
        switch (random.nextInt(5)) {
            case 0 -> array.insert(at, value(containers, corpus));
            case 1 -> array.remove(at);
            case 2 -> {
                for (int i = random.nextInt(60); i > 0 && !array.isEmpty(); i--) {
                    array.add(array.get(at).deepCopy());
                }
            }
            case 3 -> {
                if (!array.isEmpty()) {
                    JsonNode moved = array.remove(at);
                    array.insert(random.nextInt(array.size() + 1), moved);
                }
            }
            default -> {
                if (!array.isEmpty()) {
                    array.set(at, value(containers, corpus));
                }
            }
        }
    }

    private JsonNode value(List<JsonNode> containers, List<JsonNode> corpus) {
        return switch (random.nextInt(12)) {
            case 0 -> JSON.nullNode();
            case 1 -> JSON.booleanNode(random.nextBoolean());
            case 2 -> JSON.numberNode(random.nextInt(8));
            case 3 -> JSON.numberNode(random.nextLong());
            case 4 -> JSON.numberNode(-random.nextInt(8));
            case 5 -> JSON.numberNode(random.nextDouble() * Math.pow(10, random.nextInt(600) - 300));
            case 6 -> JSON.textNode("x".repeat(random.nextInt(30)));
            case 7 -> JSON.textNode(Character.toString(random.nextInt(0x10FFFF) & ~0x800));
            case 8 -> JSON.arrayNode();
            case 9 -> JSON.objectNode();
            case 10 -> containers.get(random.nextInt(containers.size())).deepCopy();
            default -> corpus.get(random.nextInt(corpus.size())).deepCopy();
        };
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isContainerNode()) {
            containers.add(node);
            node.forEach(child -> collect(child, containers));
        }
    }

    private String changeText(String text) {
        int at = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), at + random.nextInt(8));
        String middle = switch (random.nextInt(4)) {
            case 0 -> "";
            case 1 -> TEXTS[random.nextInt(TEXTS.length)];
            case 2 -> text.substring(at, to).repeat(1 + random.nextInt(400));
            default -> Character.toString((char) (32 + random.nextInt(96)));
        };
        return text.substring(0, at) + middle + text.substring(to);
    }

    private byte[] pack(byte[] json) {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        if (random.nextBoolean()) {
            message.write(0);
            message.writeBytes(json);
            return message.toByteArray();
        }
        Deflater deflater = new Deflater(1 + random.nextInt(9), true);
        deflater.setInput(json);
        deflater.finish();
        byte[] room = new byte[512];
        message.write(1);
        while (!deflater.finished()) {
            message.write(room, 0, deflater.deflate(room));
        }
        deflater.end();
        return message.toByteArray();
    }

    private byte[] changeBytes(byte[] message) {
        if (message.length == 0) {
            return new byte[] {(byte) random.nextInt()};
        }
        int at = random.nextInt(message.length);
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(message, at);
            case 1 -> Arrays.copyOf(message, message.length + random.nextInt(16));
            default -> {
                byte[] changed = message.clone();
                changed[at] ^= (byte) (1 << random.nextInt(8));
                yield changed;
            }
        };
    }
}
