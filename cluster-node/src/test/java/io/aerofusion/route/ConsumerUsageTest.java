package io.aerofusion.route;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.aerofusion.platform.cluster.Revision;
import io.aerofusion.platform.cluster.RevisionedMessage.Holding;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What consumers did, of what nodes tell. */
class ConsumerUsageTest {
    private static Holding node(String detail) throws Exception {
        return new Holding("node", new Revision(1, "a"), 0, false, new ObjectMapper().readTree(detail));
    }

    @Test
    void theCountsOfAllNodesAreSummed() throws Exception {
        List<Holding> nodes = List.of(
                node(
                        "{\"consumers\":[{\"name\":\"a\",\"requests\":3,\"errors\":1,\"active\":1},{\"name\":\"b\",\"requests\":9}]}"),
                node("{\"consumers\":[{\"name\":\"a\",\"requests\":4,\"errors\":0,\"active\":0}]}"),
                node("{}"));
        assertThat(ConsumerUsage.of(nodes, "a").map(Object::toString))
                .contains("{\"requests\":7,\"errors\":1,\"active\":1,\"nodes\":2}");
        assertThat(ConsumerUsage.of(nodes, "c")).isEmpty();
    }
}
