package gateway;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.gateway.filter.GlobalFilter;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpStatus;
import org.springframework.security.config.annotation.web.reactive.EnableWebFluxSecurity;
import org.springframework.security.config.web.server.ServerHttpSecurity;
import org.springframework.security.oauth2.jwt.NimbusReactiveJwtDecoder;
import org.springframework.security.oauth2.jwt.ReactiveJwtDecoder;
import org.springframework.security.web.server.SecurityWebFilterChain;
import org.springframework.security.web.server.context.NoOpServerSecurityContextRepository;

/** Spring Cloud Gateway as a peer: one route, and with {@code peer.tokens=true} RS256 tokens and a limit per subject kept in memory. */
@SpringBootApplication
@EnableWebFluxSecurity
public class Peer {
    private static final long PER_SECOND = 100_000;

    public static void main(String[] arguments) {
        SpringApplication.run(Peer.class, arguments);
    }

    @Bean
    RouteLocator routes(RouteLocatorBuilder routes, @Value("${peer.upstream}") String upstream) {
        return routes.routes().route("all", route -> route.path("/**").uri(upstream)).build();
    }

    @Bean
    SecurityWebFilterChain security(ServerHttpSecurity http, @Value("${peer.tokens:false}") boolean tokens) {
        http.csrf(ServerHttpSecurity.CsrfSpec::disable)
                .headers(ServerHttpSecurity.HeaderSpec::disable)
                .requestCache(ServerHttpSecurity.RequestCacheSpec::disable)
                .securityContextRepository(NoOpServerSecurityContextRepository.getInstance());
        if (tokens) {
            http.authorizeExchange(exchange -> exchange.anyExchange().authenticated())
                    .oauth2ResourceServer(server -> server.jwt(jwt -> {}));
        } else {
            http.authorizeExchange(exchange -> exchange.anyExchange().permitAll());
        }
        return http.build();
    }

    @Bean
    ReactiveJwtDecoder decoder(@Value("${peer.key}") Path key) throws Exception {
        String pem = Files.readString(key).replaceAll("-----[A-Z ]+-----|\\s", "");
        RSAPublicKey rsa = (RSAPublicKey) KeyFactory.getInstance("RSA")
                .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(pem)));
        return NimbusReactiveJwtDecoder.withPublicKey(rsa).build();
    }

    /** The least that counts per subject: one window of a second each. */
    @Bean
    GlobalFilter limit(@Value("${peer.tokens:false}") boolean tokens) {
        ConcurrentHashMap<String, AtomicLong> windows = new ConcurrentHashMap<>();
        return (exchange, chain) -> !tokens
                ? chain.filter(exchange)
                : exchange.getPrincipal().flatMap(principal -> {
                    long second = System.nanoTime() / 1_000_000_000L;
                    long used = windows.computeIfAbsent(principal.getName(), name -> new AtomicLong())
                            .updateAndGet(old -> old >>> 32 == (second & 0xffffffffL) ? old + 1 : second << 32 | 1);
                    if ((used & 0xffffffffL) > PER_SECOND) {
                        exchange.getResponse().setStatusCode(HttpStatus.TOO_MANY_REQUESTS);
                        return exchange.getResponse().setComplete();
                    }
                    return chain.filter(exchange);
                });
    }
}
