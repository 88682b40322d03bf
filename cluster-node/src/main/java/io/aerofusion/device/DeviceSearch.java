package io.aerofusion.device;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.Paging;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.persistence.DeviceIndex;
import io.aerofusion.platform.security.Principal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Lists and searches devices; from the read model, which follows within about a second. */
final class DeviceSearch {
    private static final String TIME = "{\"type\":\"string\",\"format\":\"date-time\"}";

    private final DeviceIndex devices;
    private final Executor blocking;

    DeviceSearch(DeviceIndex devices, Executor blocking) {
        this.devices = devices;
        this.blocking = blocking;
    }

    Endpoint endpoint() {
        List<Endpoint.Parameter> parameters = new ArrayList<>(List.of(
                Endpoint.Parameter.query(
                        "owner", "Of this user; others than oneself for operators", "{\"type\":\"string\"}"),
                Endpoint.Parameter.query(
                        "label",
                        "name=value; repeat it for several that must all hold",
                        "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"),
                Endpoint.Parameter.query(
                        "state", "In this state", "{\"type\":\"string\",\"enum\":[\"active\",\"revoked\"]}"),
                Endpoint.Parameter.query("seenSince", "Last seen then or later", TIME),
                Endpoint.Parameter.query("seenBefore", "Last seen before, or never", TIME)));
        parameters.addAll(Paging.PARAMETERS);
        return new Endpoint(
                HttpMethods.GET,
                "/api/v1/devices",
                "listDevices",
                "Devices by owner, label, state and last seen; one's own, or all for operators",
                Endpoint.Access.AUTHENTICATED,
                parameters,
                "",
                List.of(Endpoint.Reply.json(200, "A page", Paging.schema(DeviceJson.LISTED))),
                this::search);
    }

    private CompletionStage<HttpResponse> search(ApiRequest request) {
        Principal caller = request.caller();
        String owner = request.query("owner").orElse(caller.operates() ? "" : caller.user());
        if (!owner.equals(caller.user()) && !caller.operates()) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "Only operators list the devices of others.");
        }
        return page(request, owner);
    }

    /** The devices of a user whom the caller may see. */
    CompletionStage<HttpResponse> ofUser(ApiRequest request, String owner) {
        return page(request, owner);
    }

    private CompletionStage<HttpResponse> page(ApiRequest request, String owner) {
        if (request.caller().device() != null) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "A device lists no devices; use a user's token.");
        }
        Paging paging = Paging.of(request);
        DeviceIndex.Query query = new DeviceIndex.Query(
                request.caller().tenant(),
                owner,
                labels(request),
                state(request),
                request.time("seenSince").orElse(0L),
                request.time("seenBefore").orElse(0L),
                paging.after(),
                paging.limit());
        return CompletableFuture.supplyAsync(() -> devices.search(query), blocking)
                .thenApply(page -> paging.page(page, DeviceJson::listed));
    }

    private static Map<String, String> labels(ApiRequest request) {
        Map<String, String> labels = new HashMap<>();
        for (String label : request.http().getUri().query().toMultiMap().getOrDefault("label", List.of())) {
            int equals = label.indexOf('=');
            if (equals < 1 || labels.put(label.substring(0, equals), label.substring(equals + 1)) != null) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "label has the form name=value, one per name.");
            }
        }
        if (labels.size() > DeviceState.LABELS_MAX) {
            throw new ProblemException(
                    ErrorCode.INVALID_REQUEST, "A device has at most " + DeviceState.LABELS_MAX + " labels.");
        }
        return labels;
    }

    private static String state(ApiRequest request) {
        String state = request.query("state").orElse("");
        if (!List.of("", "active", "revoked").contains(state)) {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, "state is active or revoked.");
        }
        return state;
    }
}
