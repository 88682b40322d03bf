package io.aerofusion.space.wire;

import io.aerofusion.platform.ErrorCode;

/**
 * What a decoder accepts at most. A frame beyond a limit is refused with {@link ErrorCode#FRAME_TOO_LARGE} unless another code is
 * named; nothing is allocated for the part beyond it.
 *
 * @param frameBytes bytes of the message as it came
 * @param inflatedBytes bytes of its JSON once inflated
 * @param nesting levels of arrays and objects within one value; beyond: {@link ErrorCode#NESTED_TOO_DEEP}
 * @param nodes JSON values of any kind within the frame (each costs heap even when it is one byte long)
 * @param rows mutations or changes in one frame; beyond: {@link ErrorCode#BATCH_TOO_LARGE}
 * @param cells paths over all rows of a frame, counted after shapes are unfolded
 * @param strings entries of the frame's string table
 */
public record FrameLimits(int frameBytes, int inflatedBytes, int nesting, int nodes, int rows, int cells, int strings) {
    /** What a node accepts from a device, unless configured otherwise. */
    public static final FrameLimits OF_A_NODE = new FrameLimits(1 << 20, 4 << 20, 32, 200_000, 500, 100_000, 20_000);

    /** What a device accepts from a node: chunks are about 256 KiB before compression, but one document may be larger. */
    public static final FrameLimits OF_A_DEVICE =
            new FrameLimits(4 << 20, 16 << 20, 64, 1_000_000, 100_000, 1_000_000, 200_000);

    public FrameLimits {
        if (frameBytes < 1 || inflatedBytes < 1 || nesting < 1 || nodes < 1 || rows < 1 || cells < 1 || strings < 0) {
            throw new IllegalArgumentException("every limit must be positive");
        }
    }
}
