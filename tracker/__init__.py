"""People in a recording: frames, detectors, ByteTrack, foot points and floor positions."""
