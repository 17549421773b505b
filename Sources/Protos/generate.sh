#!/bin/sh
# Regenerates the Swift messages in Generated/ from the .proto files beside this script.
# Needs protoc (Debian: protobuf-compiler) and protoc-gen-swift (built from swift-protobuf) on the PATH.
set -eu
cd "$(dirname "$0")"
mkdir -p Generated
protoc --proto_path=proto --swift_out=Generated --swift_opt=Visibility=Public,FileNaming=DropPath proto/*.proto
