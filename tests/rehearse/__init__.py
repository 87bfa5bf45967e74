"""What is built and started for real: needs root, buildah, debootstrap and Debian's packages (`scripts/rehearse`)."""
