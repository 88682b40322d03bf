/** The gateway's data path: listeners, exchanges, pools and the atomic swap of generations, on Netty and without Akka. */
@NullMarked
package io.aerofusion.gateway;

import org.jspecify.annotations.NullMarked;
