package io.aerofusion.gateway.security;

import io.aerofusion.gateway.BodyEdit;
import io.aerofusion.gateway.RequestEdit;
import io.aerofusion.gateway.Step;
import io.aerofusion.gateway.Treatment;
import io.aerofusion.gateway.Verdict;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A request as the engine shows it to steps. */
final class FakeRequest implements RequestEdit {
    final Map<String, List<String>> headers = new LinkedHashMap<>();
    final Map<String, String> responseHeaders = new LinkedHashMap<>();
    final List<Treatment> treatments = new ArrayList<>();
    String method = "GET";
    String path = "/orders/7";
    String query = "";
    InetAddress address = InetAddress.ofLiteral("192.0.2.1");

    @Nullable X509Certificate certificate;

    @Nullable String consumer;

    @Nullable Object principal;

    FakeRequest with(String name, String value) {
        headers.computeIfAbsent(name, ignored -> new ArrayList<>()).add(value);
        return this;
    }

    FakeRequest from(String address) {
        this.address = InetAddress.ofLiteral(address);
        return this;
    }

    /** Asks the steps as the engine does: one after another, waiting for those that answer later. */
    Verdict through(List<Step> steps) throws Exception {
        for (Step step : steps) {
            Verdict verdict = step.check(this);
            if (verdict instanceof Verdict.Later later) {
                verdict = later.verdict().toCompletableFuture().get(60, TimeUnit.SECONDS);
            }
            if (!(verdict instanceof Verdict.Pass)) return verdict;
        }
        return Verdict.PASS;
    }

    @Override
    public String method() {
        return method;
    }

    @Override
    public String host() {
        return "api.example";
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public String rawTarget() {
        return path + (query.isEmpty() ? "" : "?" + query);
    }

    @Override
    public String query() {
        return query;
    }

    @Override
    public @Nullable String header(String lowerCaseName) {
        List<String> values = headers(lowerCaseName);
        return values.isEmpty() ? null : values.getFirst();
    }

    @Override
    public List<String> headers(String lowerCaseName) {
        return headers.getOrDefault(lowerCaseName, List.of());
    }

    @Override
    public InetAddress clientAddress() {
        return address;
    }

    @Override
    public @Nullable X509Certificate clientCertificate() {
        return certificate;
    }

    @Override
    public String routeName() {
        return "orders";
    }

    @Override
    public void setHeader(String lowerCaseName, String value) {
        headers.put(lowerCaseName, List.of(value));
    }

    @Override
    public void removeHeader(String lowerCaseName) {
        headers.remove(lowerCaseName);
    }

    @Override
    public void setResponseHeader(String lowerCaseName, String value) {
        responseHeaders.put(lowerCaseName, value);
    }

    @Override
    public void identify(@Nullable String consumer, @Nullable Object principal) {
        this.consumer = consumer;
        this.principal = principal;
    }

    @Override
    public @Nullable String consumer() {
        return consumer;
    }

    @Override
    public @Nullable Object principal() {
        return principal;
    }

    @Override
    public void setQuery(String query) {
        this.query = query;
    }

    @Override
    public void editBody(BodyEdit edit) {
        throw new UnsupportedOperationException("this request has no body");
    }

    @Override
    public void treat(Treatment treatment) {
        treatments.addFirst(treatment);
    }

    @Override
    public boolean treats(Class<? extends Treatment> kind) {
        return treatments.stream().anyMatch(kind::isInstance);
    }
}
