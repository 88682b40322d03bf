package io.aerofusion.platform.http;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.RawHeader;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The responses that endpoints give, in the API's conventions. */
public final class Answer {
    private Answer() {}

    /** 200 with a JSON body. */
    public static HttpResponse json(JsonNode body) {
        return json(200, body);
    }

    /** A JSON body with any status. */
    public static HttpResponse json(int status, JsonNode body) {
        return HttpResponse.create()
                .withStatus(StatusCodes.get(status))
                .withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_JSON, body.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** 201 with the address of what was made. */
    public static HttpResponse created(String location, JsonNode body) {
        return json(201, body).addHeader(RawHeader.create("Location", location));
    }

    /** 204. */
    public static HttpResponse nothing() {
        return HttpResponse.create().withStatus(StatusCodes.NO_CONTENT);
    }

    /** The response with an entity tag, see {@link EntityTag}. */
    public static HttpResponse tagged(HttpResponse response, EntityTag tag) {
        return response.addHeader(RawHeader.create("ETag", tag.header()));
    }

    /** As a completed stage, for handlers that need not wait. */
    public static CompletionStage<HttpResponse> now(HttpResponse response) {
        return CompletableFuture.completedFuture(response);
    }
}
