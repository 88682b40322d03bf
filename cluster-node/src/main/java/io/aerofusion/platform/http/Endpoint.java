package io.aerofusion.platform.http;

import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * One operation of the API: the server routes by it and {@code /openapi.json} is written from it, so what is described is what
 * is served.
 *
 * @param path template, such as {@code /api/v1/devices/{device}}
 * @param id OpenAPI operationId
 * @param summary one line
 * @param access who may call
 * @param parameters query and header parameters beyond those of the path
 * @param request JSON Schema of the body (OpenAPI 3.1) as JSON text; "" for none
 * @param media in which form the body comes
 * @param responses what may come back beside the problems that every endpoint shares
 */
public record Endpoint(
        HttpMethod method,
        String path,
        String id,
        String summary,
        Access access,
        List<Parameter> parameters,
        String request,
        Media media,
        List<Reply> responses,
        Handler handler) {
    /** In which form a body comes; handlers get JSON in any case. */
    public enum Media {
        JSON,
        /** One YAML document or several; several become an array. */
        JSON_OR_YAML
    }

    /** An endpoint whose body, if it has one, is JSON. */
    public Endpoint(
            HttpMethod method,
            String path,
            String id,
            String summary,
            Access access,
            List<Parameter> parameters,
            String request,
            List<Reply> responses,
            Handler handler) {
        this(method, path, id, summary, access, parameters, request, Media.JSON, responses, handler);
    }

    /** Who may call an endpoint; finer rights are the handler's. */
    public enum Access {
        PUBLIC,
        AUTHENTICATED,
        OPERATOR,
        ADMIN
    }

    /**
     * A parameter beside those of the path.
     *
     * @param in query or header
     * @param schema JSON Schema as JSON text
     */
    public record Parameter(String in, String name, boolean required, String description, String schema) {
        /** A parameter of the query that may be left out. */
        public static Parameter query(String name, String description, String schema) {
            return new Parameter("query", name, false, description, schema);
        }
    }

    /**
     * What may come back.
     *
     * @param mediaType of the body
     * @param schema JSON Schema as JSON text; "" for an empty body
     */
    public record Reply(int status, String description, String mediaType, String schema) {
        /** A body in JSON. */
        public static Reply json(int status, String description, String schema) {
            return new Reply(status, description, "application/json", schema);
        }
    }

    /** Answers a request; a failed stage with a {@link ProblemException} becomes {@code problem+json}. */
    @FunctionalInterface
    public interface Handler {
        CompletionStage<HttpResponse> handle(ApiRequest request);
    }
}
