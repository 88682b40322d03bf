package io.aerofusion.device;

import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aerofusion.platform.ErrorCode;
import io.aerofusion.platform.http.Answer;
import io.aerofusion.platform.http.ApiRequest;
import io.aerofusion.platform.http.Endpoint;
import io.aerofusion.platform.http.EntityTag;
import io.aerofusion.platform.http.IdempotencyKey;
import io.aerofusion.platform.http.ProblemException;
import io.aerofusion.platform.security.BearerToken;
import io.aerofusion.platform.security.Names;
import io.aerofusion.platform.security.Principal;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The HTTP API of single devices; {@link DeviceSearch} lists them. */
final class DeviceRoutes {
    private static final String DEVICE = "/api/v1/devices/{device}";
    private static final int ID_BYTES = 12;
    private static final Endpoint.Parameter IF_MATCH = new Endpoint.Parameter(
            "header", "If-Match", false, "Only if the ETag is still this one", "{\"type\":\"string\"}");
    private static final String LABELS =
            "{\"type\":\"object\",\"maxProperties\":32,\"additionalProperties\":{\"type\":\"string\",\"maxLength\":128}}";

    private final Devices devices;
    private final BiFunction<String, String, CompletionStage<Boolean>> userExists;
    private final SecureRandom random = new SecureRandom();

    DeviceRoutes(Devices devices, BiFunction<String, String, CompletionStage<Boolean>> userExists) {
        this.devices = devices;
        this.userExists = userExists;
    }

    List<Endpoint> endpoints() {
        return List.of(
                new Endpoint(
                        HttpMethods.POST,
                        "/api/v1/devices",
                        "registerDevice",
                        "Register a device and get its credential, once",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(IdempotencyKey.PARAMETER),
                        """
                        {"type":"object","properties":{"device":{"type":"string","pattern":"%s"},\
                        "name":{"type":"string","maxLength":128},"labels":%s,\
                        "owner":{"type":"string","description":"another user; for operators"}}}""".formatted("^" + Names.PATTERN + "$", LABELS),
                        List.of(
                                Endpoint.Reply.json(201, "Registered", DeviceJson.WITH_CREDENTIAL),
                                Endpoint.Reply.json(
                                        200,
                                        "Registered by an earlier request with this key, and in use since",
                                        DeviceJson.WITH_CREDENTIAL)),
                        this::register),
                new Endpoint(
                        HttpMethods.GET,
                        DEVICE,
                        "getDevice",
                        "A device",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(Endpoint.Reply.json(200, "The device", DeviceJson.DEVICE)),
                        request -> described(request, replyTo -> new Device.Describe(request.caller(), replyTo))),
                new Endpoint(
                        HttpMethods.PATCH,
                        DEVICE,
                        "changeDevice",
                        "Change name and labels (merge patch: null removes a label)",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(IF_MATCH),
                        """
                        {"type":"object","properties":{"name":{"type":"string","maxLength":128},\
                        "labels":{"type":"object","additionalProperties":{"type":["string","null"]}}}}""",
                        List.of(Endpoint.Reply.json(200, "The device now", DeviceJson.DEVICE)),
                        this::relabel),
                new Endpoint(
                        HttpMethods.POST,
                        DEVICE + "/credential",
                        "rotateCredential",
                        "Give the device a new credential; the old one and its session end",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(Endpoint.Reply.json(200, "The new credential, once", DeviceJson.WITH_CREDENTIAL)),
                        this::rotate),
                new Endpoint(
                        HttpMethods.POST,
                        DEVICE + "/revoke",
                        "revokeDevice",
                        "Revoke the device: its credential and session end; it may be registered again",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(Endpoint.Reply.json(200, "The device now", DeviceJson.DEVICE)),
                        this::revoke),
                new Endpoint(
                        HttpMethods.GET,
                        DEVICE + "/twin",
                        "getTwin",
                        "What the device should be and says it is; the ETag is the version of the desired state",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "",
                        List.of(Endpoint.Reply.json(200, "The twin", DeviceJson.TWIN)),
                        request -> twin(request, replyTo -> new Device.Describe(request.caller(), replyTo))),
                new Endpoint(
                        HttpMethods.PATCH,
                        DEVICE + "/twin",
                        "patchDesired",
                        "Change the desired state (RFC 7396); it reaches the device at once, or when it returns",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(IF_MATCH),
                        "{\"type\":\"object\"}",
                        List.of(Endpoint.Reply.json(200, "The twin now", DeviceJson.TWIN)),
                        request -> twin(
                                request,
                                replyTo -> new Device.PatchDesired(
                                        request.caller(), request.json(), ifVersion(request), replyTo))),
                new Endpoint(
                        HttpMethods.PATCH,
                        DEVICE + "/twin/reported",
                        "patchReported",
                        "The device reports (RFC 7396); for the device's own credential",
                        Endpoint.Access.AUTHENTICATED,
                        List.of(),
                        "{\"type\":\"object\"}",
                        List.of(Endpoint.Reply.json(200, "The twin now", DeviceJson.TWIN)),
                        request -> twin(
                                request,
                                replyTo -> new Device.PatchReported(request.caller(), request.json(), replyTo))));
    }

    private CompletionStage<HttpResponse> register(ApiRequest request) {
        Principal caller = request.caller();
        if (caller.device() != null) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "A device registers no devices; use a user's token.");
        }
        JsonNode body = DeviceJson.object(request.json());
        Optional<IdempotencyKey> key = IdempotencyKey.of(request);
        String owner = body.path("owner").asText(caller.user());
        if (!owner.equals(caller.user()) && !caller.operates()) {
            throw new ProblemException(ErrorCode.FORBIDDEN, "Only operators register devices for others.");
        }
        Names.require("owner", owner);
        String device = body.has("device")
                ? Names.require("device", DeviceJson.text(body, "device"))
                : key.map(IdempotencyKey::derivedId).orElseGet(this::randomId);
        String name = body.has("name") ? DeviceJson.text(body, "name") : "";
        TreeMap<String, String> labels = new TreeMap<>();
        DeviceJson.labels(body).forEach((label, value) -> {
            if (value != null) {
                labels.put(label, value);
            }
        });
        DeviceState.complaint(name, labels).ifPresent(complaint -> {
            throw new ProblemException(ErrorCode.INVALID_REQUEST, complaint);
        });
        BearerToken credential = BearerToken.issue(BearerToken.Kind.DEVICE, caller.tenant(), device, random);
        return ownerExists(caller, owner)
                .thenCompose(exists -> devices.ask(
                        caller.tenant(),
                        device,
                        replyTo -> new Device.Register(
                                owner,
                                name,
                                labels,
                                credential.hash(),
                                key.map(known -> known.fingerprint(body)).orElse(""),
                                caller.actor(),
                                replyTo)))
                .thenApply(reply -> switch (reply) {
                    case Device.Registered registered -> {
                        devices.forgetCredential(caller.tenant(), device);
                        ObjectNode json = DeviceJson.device(registered.device());
                        yield tagged(
                                registered.credentialTaken()
                                        ? Answer.created(
                                                "/api/v1/devices/" + device, json.put("credential", credential.text()))
                                        : Answer.json(json),
                                registered.device());
                    }
                    case Device.Described described ->
                        tagged(Answer.json(DeviceJson.device(described.device())), described.device());
                    case Device.Refused refused -> throw problem(refused);
                });
    }

    private CompletionStage<Boolean> ownerExists(Principal caller, String owner) {
        if (owner.equals(caller.user())) {
            return CompletableFuture.completedFuture(true);
        }
        return userExists.apply(caller.tenant(), owner).thenApply(exists -> {
            if (!exists) {
                throw new ProblemException(ErrorCode.INVALID_REQUEST, "owner is no user.");
            }
            return true;
        });
    }

    private CompletionStage<HttpResponse> relabel(ApiRequest request) {
        JsonNode body = DeviceJson.object(request.json());
        String name = body.has("name") ? DeviceJson.text(body, "name") : null;
        Map<String, @Nullable String> labels = DeviceJson.labels(body);
        return described(
                request, replyTo -> new Device.Relabel(request.caller(), name, labels, ifVersion(request), replyTo));
    }

    private CompletionStage<HttpResponse> rotate(ApiRequest request) {
        Principal caller = request.caller();
        String device = Names.find(request.path("device"));
        BearerToken credential = BearerToken.issue(BearerToken.Kind.DEVICE, caller.tenant(), device, random);
        return ask(request, replyTo -> new Device.RotateCredential(caller, credential.hash(), replyTo))
                .thenApply(view -> {
                    devices.forgetCredential(caller.tenant(), device);
                    return tagged(Answer.json(DeviceJson.device(view).put("credential", credential.text())), view);
                });
    }

    private CompletionStage<HttpResponse> revoke(ApiRequest request) {
        return ask(request, replyTo -> new Device.Revoke(request.caller(), replyTo))
                .thenApply(view -> {
                    devices.forgetCredential(request.caller().tenant(), view.device());
                    return tagged(Answer.json(DeviceJson.device(view)), view);
                });
    }

    private CompletionStage<HttpResponse> described(
            ApiRequest request, Function<akka.actor.typed.ActorRef<Device.Reply>, Device.Command> command) {
        return ask(request, command).thenApply(view -> tagged(Answer.json(DeviceJson.device(view)), view));
    }

    private CompletionStage<HttpResponse> twin(
            ApiRequest request, Function<akka.actor.typed.ActorRef<Device.Reply>, Device.Command> command) {
        return ask(request, command)
                .thenApply(view -> Answer.tagged(
                        Answer.json(DeviceJson.twin(view.twin())),
                        EntityTag.of(view.twin().desiredVersion())));
    }

    private CompletionStage<Device.View> ask(
            ApiRequest request, Function<akka.actor.typed.ActorRef<Device.Reply>, Device.Command> command) {
        String tenant = request.caller().tenant();
        String device = Names.find(request.path("device"));
        return (request.safe() ? devices.read(tenant, device, command) : devices.ask(tenant, device, command))
                .thenApply(reply -> switch (reply) {
                    case Device.Described described -> described.device();
                    case Device.Registered registered -> registered.device();
                    case Device.Refused refused -> throw problem(refused);
                });
    }

    private static ProblemException problem(Device.Refused refused) {
        return new ProblemException(refused.code(), refused.detail());
    }

    private static HttpResponse tagged(HttpResponse response, Device.View view) {
        return Answer.tagged(response, EntityTag.of(view.version()));
    }

    private static @Nullable Long ifVersion(ApiRequest request) {
        return EntityTag.versionIn(request).orElse(null);
    }

    private String randomId() {
        byte[] bytes = new byte[ID_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
