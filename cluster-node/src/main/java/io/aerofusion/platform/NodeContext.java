package io.aerofusion.platform;

import akka.actor.typed.ActorSystem;
import io.aerofusion.platform.persistence.DataKeys;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import javax.sql.DataSource;

/**
 * What a domain needs of its node.
 *
 * @param database the pool; used on the blocking executor only
 * @param blocking runs what blocks (JDBC); bounded
 * @param epoch of the stored data: what is configured, or what a restore noted in the database, whichever is later
 */
public record NodeContext(
        ActorSystem<?> system,
        DataSource database,
        DataKeys keys,
        Executor blocking,
        InstantSource clock,
        long epoch) {}
