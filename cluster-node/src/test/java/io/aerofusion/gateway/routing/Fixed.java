package io.aerofusion.gateway.routing;

import io.aerofusion.gateway.RequestView;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;

/** A request without headers, whose parts are ready. */
record Fixed(String host, String path, String query) implements RequestView {
    @Override
    public String method() {
        return "GET";
    }

    @Override
    public String rawTarget() {
        return path;
    }

    @Override
    public String header(String lowerCaseName) {
        return null;
    }

    @Override
    public List<String> headers(String lowerCaseName) {
        return List.of();
    }

    @Override
    public InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public X509Certificate clientCertificate() {
        return null;
    }

    @Override
    public String routeName() {
        return "";
    }
}
