package io.aerofusion.gateway;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;

/** A request of a test: its fields, and of the rest what the test does not say as a plain GET would have it. */
public interface TestRequest extends RequestView {
    Headers fields();

    @Override
    default String method() {
        return "GET";
    }

    @Override
    default String query() {
        int question = rawTarget().indexOf('?');
        return question < 0 ? "" : rawTarget().substring(question + 1);
    }

    @Override
    default String header(String lowerCaseName) {
        return fields().get(lowerCaseName);
    }

    @Override
    default List<String> headers(String lowerCaseName) {
        return fields().all(lowerCaseName);
    }

    @Override
    default InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    default X509Certificate clientCertificate() {
        return null;
    }

    @Override
    default String routeName() {
        return "";
    }
}
