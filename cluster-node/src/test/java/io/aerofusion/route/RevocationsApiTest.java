package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.aerofusion.platform.Caller;
import io.aerofusion.platform.Caller.Response;
import io.aerofusion.platform.Node;
import io.aerofusion.platform.NodeOptions;
import io.aerofusion.platform.persistence.TestDatabase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Revocations through the door, where there is room for three. */
final class RevocationsApiTest {
    private static final String REVOCATIONS = "/api/v1/gateway/revocations";

    @TempDir
    private Path data;

    @Test
    void one_too_many_is_refused_and_displaces_none() {
        NodeOptions options = NodeOptions.in(data)
                .withDatabase(TestDatabase.migrated())
                .with("aerofusion.gateway.revocations-max", 3);
        try (Node node = Node.start(options)) {
            Caller admin = Caller.admin(node);
            String first = revoked(admin, 201, "{'jti':'one'}");
            String second = revoked(admin, 201, "{'issuer':'https://id.example.com/','subject':'two'}");
            String third = revoked(admin, 201, "{'issuer':'https://id.example.com/'}");
            List<JsonNode> before = listed(admin);
            assertThat(before)
                    .extracting(each -> each.path("id").asText())
                    .containsExactlyInAnyOrder(first, second, third);

            Response refused = admin.post(REVOCATIONS, "{'jti':'four'}");
            assertThat(refused.status()).isEqualTo(409);
            assertThat(refused.http().headers().firstValue("Content-Type")).contains("application/problem+json");
            assertThat(refused.code()).isEqualTo("revocations-full");
            assertThat(refused.text("type")).isEqualTo("/docs#error-revocations-full");
            assertThat(refused.text("detail")).contains("There are 3 revocations already");
            assertThat(listed(admin)).isEqualTo(before);

            assertThat(revoked(admin, 200, "{'jti':'one','note':'again'}"))
                    .as("replaces")
                    .isEqualTo(first);
            assertThat(admin.post(REVOCATIONS, "{'jti':'four'}").code()).isEqualTo("revocations-full");

            assertThat(admin.delete(REVOCATIONS + "/" + second).status()).isEqualTo(204);
            String fourth = revoked(admin, 201, "{'jti':'four'}");
            assertThat(listed(admin))
                    .extracting(each -> each.path("id").asText())
                    .containsExactlyInAnyOrder(first, third, fourth);
            assertThat(admin.post(REVOCATIONS, "{'jti':'five'}").code()).isEqualTo("revocations-full");
        }
    }

    private static String revoked(Caller admin, int status, String body) {
        Response response = admin.post(REVOCATIONS, body);
        assertThat(response.status()).as(response.body().toString()).isEqualTo(status);
        return response.text("id");
    }

    private static List<JsonNode> listed(Caller admin) {
        List<JsonNode> all = new ArrayList<>();
        admin.get(REVOCATIONS).body().path("items").forEach(all::add);
        return all;
    }
}
