package io.aerofusion.gateway.transform;

import io.aerofusion.gateway.BodyEdit;
import io.aerofusion.gateway.Treatment.Broken;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A JSON body that is held until it is complete, within a bound, and then changed. */
final class HeldJson implements BodyEdit {
    private final JsonEdits edits;
    private final int bytesMax;
    private final @Nullable Coding coding;
    private final ByteArrayOutputStream held = new ByteArrayOutputStream(1024);

    HeldJson(JsonEdits edits, int bytesMax, @Nullable Coding coding) {
        this.edits = edits;
        this.bytesMax = bytesMax;
        this.coding = coding;
    }

    @Override
    public ByteBuf content(ByteBuf content) {
        try {
            if (held.size() + content.readableBytes() > bytesMax) {
                throw new Broken("too large");
            }
            byte[] piece = new byte[content.readableBytes()];
            content.readBytes(piece);
            held.writeBytes(piece);
            return Unpooled.EMPTY_BUFFER;
        } finally {
            content.release();
        }
    }

    @Override
    public ByteBuf end() {
        byte[] body = coding == null ? held.toByteArray() : decoded(coding, held.toByteArray());
        return switch (edits.apply(body, bytesMax)) {
            case JsonEdits.Edited.Body edited -> Unpooled.wrappedBuffer(edited.bytes());
            case JsonEdits.Edited.TooLarge large -> throw new Broken("too large");
            case JsonEdits.Edited.Malformed malformed -> throw new Broken("no JSON");
        };
    }

    private byte[] decoded(Coding of, byte[] body) {
        return switch (BoundedDecoder.decode(of, body, bytesMax)) {
            case BoundedDecoder.Decoded.Content content -> content.bytes();
            case BoundedDecoder.Decoded.TooLarge large -> throw new Broken("too large");
            case BoundedDecoder.Decoded.Malformed malformed -> throw new Broken("not of its coding");
        };
    }

    static boolean isJson(@Nullable String type) {
        if (type == null) {
            return false;
        }
        int semicolon = type.indexOf(';');
        String name =
                (semicolon < 0 ? type : type.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
        return name.equals("application/json") || name.endsWith("+json");
    }
}
