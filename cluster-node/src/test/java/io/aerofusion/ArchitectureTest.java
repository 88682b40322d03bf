package io.aerofusion;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;

/**
 * Imports run one way: Main -> domains -> platform -> persistence -> protocol. The same package name occurs in several modules (a
 * domain's events in the protocol, its entities in the node), so the rules go by module first and by package within the node.
 */
@AnalyzeClasses(packages = "io.aerofusion", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
    private static final DescribedPredicate<JavaClass> PROTOCOL = module("protocol");
    private static final DescribedPredicate<JavaClass> PERSISTENCE = module("persistence");
    private static final DescribedPredicate<JavaClass> NODE = module("cluster-node");
    private static final DescribedPredicate<JavaClass> SDK = module("clients/java");
    private static final DescribedPredicate<JavaClass> CONTEXT = describe(
            "what domains get of their node", type -> type.getName().equals("io.aerofusion.platform.NodeContext"));
    private static final DescribedPredicate<JavaClass> PLATFORM =
            NODE.and(resideInAPackage("io.aerofusion.platform.*..").or(CONTEXT)).as("the node's platform");
    private static final DescribedPredicate<JavaClass> MAIN = NODE.and(resideInAPackage("io.aerofusion.platform"))
            .and(not(CONTEXT))
            .as("Main");
    private static final DescribedPredicate<JavaClass> DOMAINS =
            NODE.and(not(PLATFORM)).and(not(MAIN)).as("the node's domains");
    private static final DescribedPredicate<JavaClass> LANGUAGE =
            resideInAnyPackage("java.lang..", "java.util..", "java.math..", "java.time..", "org.jspecify..");

    @ArchTest
    static void every_module_is_looked_at(JavaClasses all) {
        for (DescribedPredicate<JavaClass> module : List.of(PROTOCOL, PERSISTENCE, SDK, PLATFORM, DOMAINS, MAIN)) {
            assertThat(all.that(module)).as(module.getDescription()).isNotEmpty();
        }
    }

    @ArchTest
    static final ArchRule the_protocol_stands_on_the_language_and_jackson_alone = classes()
            .that(PROTOCOL)
            .should()
            .onlyDependOnClassesThat(PROTOCOL.or(LANGUAGE)
                    .or(resideInAnyPackage(
                            "com.fasterxml.jackson..", "java.io", "java.nio", "java.nio.charset", "java.security")))
            .because("it is pure: no Akka, no files, no sockets, no database; any host can use it");

    @ArchTest
    static final ArchRule persistence_stands_on_the_protocol = noClasses()
            .that(PERSISTENCE)
            .should()
            .dependOnClassesThat(NODE.or(SDK).or(resideInAPackage("akka..")));

    @ArchTest
    static final ArchRule the_platform_knows_no_domain = noClasses()
            .that(PLATFORM)
            .should()
            .dependOnClassesThat(DOMAINS.or(MAIN).or(SDK));

    @ArchTest
    static final ArchRule domains_do_not_know_main =
            noClasses().that(DOMAINS).should().dependOnClassesThat(MAIN.or(SDK));

    @ArchTest
    static final ArchRule no_domain_imports_another = SlicesRuleDefinition.slices()
            .assignedFrom(new ByDomain())
            .should()
            .notDependOnEachOther()
            .because("they share protocol events, or Main hands one a function of the other");

    @ArchTest
    static final ArchRule the_gateways_data_path_stands_on_its_own = noClasses()
            .that(NODE)
            .and(resideInAPackage("io.aerofusion.gateway.."))
            .should()
            .dependOnClassesThat(PLATFORM.or(MAIN)
                    .or(PERSISTENCE)
                    .or(resideInAnyPackage("akka..", "kamon..", "com.typesafe.config..", "scala..")))
            .because("no actor, no lock and no database is on the way of a request");

    @ArchTest
    static final ArchRule jdbc_stays_in_persistence = noClasses()
            .that(NODE.and(not(describe(
                    "the two that pass a connection on between akka and persistence",
                    type -> type.getName().equals("io.aerofusion.platform.cluster.ProjectionSession")
                            || type.getName().equals("io.aerofusion.platform.cluster.PlainJdbc")))))
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                            "java.sql..", "javax.sql..", "com.zaxxer.hikari..", "org.postgresql..", "org.flywaydb..")
                    .and(not(
                            describe("the pool's handle", type -> type.getName().equals("javax.sql.DataSource")))));

    @ArchTest
    static final ArchRule kamon_stays_in_telemetry = noClasses()
            .that(not(describe("*Metrics", (JavaClass type) -> outermost(type).endsWith("Metrics"))))
            .and(not(resideInAPackage("io.aerofusion.platform.telemetry..")))
            .should()
            .dependOnClassesThat(resideInAPackage("kamon.."));

    @ArchTest
    static final ArchRule the_sdk_stands_on_the_protocol = classes()
            .that(SDK)
            .should()
            .onlyDependOnClassesThat(SDK.or(PROTOCOL)
                    .or(resideInAnyPackage(
                            "java..",
                            "javax.sql..",
                            "org.jspecify..",
                            "com.fasterxml.jackson..",
                            "org.slf4j..",
                            "org.sqlite..")))
            .because("applications embed it: it brings no Akka and nothing of the node");

    /** A slice is a domain of the node; what belongs to none is left out. */
    private static final class ByDomain implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            if (!DOMAINS.test(type)) {
                return SliceIdentifier.ignore();
            }
            return SliceIdentifier.of(type.getPackageName().split("\\.")[2]);
        }

        @Override
        public String getDescription() {
            return "the node's domains";
        }
    }

    /** Classes of a module, whether it was compiled into a directory or packed into a jar. */
    private static DescribedPredicate<JavaClass> module(String directory) {
        return describe(
                "the module " + directory,
                type -> type.getBaseComponentType()
                        .getSource()
                        .map(source -> source.getUri().toString().contains("/" + directory + "/target/"))
                        .orElse(false));
    }

    private static String outermost(JavaClass type) {
        return type.getEnclosingClass().map(ArchitectureTest::outermost).orElse(type.getSimpleName());
    }
}
