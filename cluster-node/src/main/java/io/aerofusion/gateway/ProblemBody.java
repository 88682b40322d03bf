package io.aerofusion.gateway;

import java.nio.charset.StandardCharsets;

/** The problem documents (RFC 9457) of responses that the gateway makes itself. */
final class ProblemBody {
    private ProblemBody() {}

    static byte[] of(int status, String code, Fault.Side side, String detail, String requestId) {
        var text = new StringBuilder(160)
                .append("{\"type\":\"/docs#error-")
                .append(code)
                .append("\",\"status\":")
                .append(status);
        text.append(",\"code\":\"");
        quoted(text, code);
        text.append("\",\"side\":\"").append(side.text()).append("\",\"detail\":\"");
        quoted(text, detail);
        if (!requestId.isEmpty()) text.append("\",\"requestId\":\"").append(requestId);
        return text.append("\"}").toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void quoted(StringBuilder text, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') text.append('\\').append(c);
            else if (c < 0x20) text.append(String.format("\\u%04x", (int) c));
            else text.append(c);
        }
    }
}
