package io.aerofusion.platform.http;

import akka.http.javadsl.ConnectionContext;
import akka.http.javadsl.HttpsConnectionContext;
import io.aerofusion.platform.persistence.StartException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The certificate and key the API is served with. They are read at the start: a new certificate needs a restart of the node. */
public final class Tls {
    private static final Pattern PRIVATE_KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");
    private static final char[] NO_PASSWORD = {};

    private final SSLContext context;
    private final String certificate;

    private Tls(SSLContext context, Certificate certificate) throws CertificateEncodingException {
        this.context = context;
        this.certificate = "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }

    /**
     * Reads PEM files.
     *
     * @param certificate the chain, the server's own certificate first
     * @param key PKCS#8, not encrypted
     * @throws StartException when they cannot be read or do not fit
     */
    public static Tls read(Path certificate, Path key) {
        try {
            List<? extends Certificate> chain = List.copyOf(CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(certificate))));
            if (chain.isEmpty()) {
                throw new StartException("There is no certificate in " + certificate + ".");
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            store.setKeyEntry("node", privateKey(key), NO_PASSWORD, chain.toArray(Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, NO_PASSWORD);
            // The node trusts its own certificate: the requests by which it warms up go to itself.
            store.setCertificateEntry("self", chain.get(0));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return new Tls(context, chain.get(0));
        } catch (IOException e) {
            throw new StartException("The TLS files cannot be read (" + e.getMessage() + ").", e);
        } catch (GeneralSecurityException e) {
            throw new StartException(
                    "The certificate " + certificate + " and the key " + key + " cannot be used together.", e);
        }
    }

    /**
     * Refuses files that cannot serve between nodes, where Akka knows RSA keys only and otherwise fails at the first connection.
     *
     * @throws StartException as {@link #read}, or when the key is of another kind
     */
    public static void checkBetweenNodes(Path certificate, Path key) {
        read(certificate, key);
        try {
            String algorithm = privateKey(key).getAlgorithm();
            if (!algorithm.equals("RSA")) {
                throw new StartException("The key between nodes has to be an RSA key; " + key + " is one of "
                        + algorithm + ". (The API takes both.)");
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new StartException("The TLS key " + key + " cannot be read (" + e.getMessage() + ").", e);
        }
    }

    HttpsConnectionContext server() {
        return ConnectionContext.httpsServer(context);
    }

    /** For the node's own requests to itself. */
    public SSLContext context() {
        return context;
    }

    /** The node's own certificate, in PEM. */
    public String certificate() {
        return certificate;
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        Matcher pem = PRIVATE_KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!pem.find()) {
            throw new StartException("There is no unencrypted PKCS#8 key (BEGIN PRIVATE KEY) in " + file + ".");
        }
        PKCS8EncodedKeySpec spec =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group(1)));
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                // a key of another algorithm: the next one may know it
            }
        }
        throw new StartException("The key in " + file + " is of none of the kinds " + ALGORITHMS + ".");
    }
}
