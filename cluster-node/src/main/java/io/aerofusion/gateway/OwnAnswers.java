package io.aerofusion.gateway;

import io.aerofusion.gateway.upstream.GrpcStatus;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Map;

/** How the gateway answers an exchange's request by itself, as long as no response has begun. Belongs to its exchange. */
final class OwnAnswers {
    private final Exchange x;
    private final ClientSide client;
    private final ResponseContent content;
    private final ExchangeNotes notes;

    OwnAnswers(Exchange x, ClientSide client, ResponseContent content, ExchangeNotes notes) {
        this.x = x;
        this.client = client;
        this.content = content;
        this.notes = notes;
    }

    /** Says what failed: in the terms of gRPC where the client speaks it, otherwise with a problem document. */
    void problem(int status, String code, Fault.Side side, String detail, Map<String, String> headers) {
        Headers fields = x.response;
        Verdict.Answer instead = side == Fault.Side.UPSTREAM ? content.failed() : null;
        if (instead != null) {
            x.become(instead);
            answer(x.status, Unpooled.wrappedBuffer(instead.body()));
            return;
        }
        fields.clear();
        if (x.grpc()) {
            // a call is answered in its own terms: with trailers only
            fields.add("content-type", "application/grpc");
            int call = GrpcStatus.of(status);
            notes.grpc(call, status);
            fields.add("grpc-status", Integer.toString(call));
            fields.add("grpc-message", GrpcStatus.message(detail));
            headers.forEach(fields::add);
            answer(200, Unpooled.EMPTY_BUFFER);
            return;
        }
        byte[] body = ProblemBody.of(status, code, side, detail, x.identity.id());
        fields.add("content-type", "application/problem+json");
        fields.add("content-length", Integer.toString(body.length));
        headers.forEach(fields::add);
        answer(status, Unpooled.wrappedBuffer(body));
    }

    /** An answer of a policy, treated as a response of the upstream would be. */
    void answer(Verdict.Answer answer) {
        x.become(answer);
        if (content.untreated()) {
            answer(x.status, Unpooled.wrappedBuffer(answer.body()));
            return;
        }
        try {
            content.treatments().head(x);
        } catch (Treatment.Broken broken) {
            x.refuse(Fault.RESPONSE_NOT_TREATED);
            return;
        }
        x.applyResponseChanges();
        x.responseBegins();
        client.head();
        content.whole(answer.body());
        x.finish();
        client.end(null);
    }

    /** Answers with {@link Exchange#response} and this content; takes ownership. */
    void answer(int status, ByteBuf body) {
        x.applyResponseChanges();
        x.setStatus(status);
        x.responseLength = body.readableBytes();
        x.responseBegins();
        client.head();
        content.untreated(body);
        x.finish();
        client.end(null);
    }
}
