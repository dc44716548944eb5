"""Pure mail: values in; chosen stories, compiled digests, messages and signed links out."""
