# Trainscope: set-up, run, test. `make help` lists the targets.

SHELL := /bin/bash
ROOT ?= logs-sample
PORT ?= 6006
SWIFT ?= swift
BUILD_FLAGS ?=
SECONDS_EACH ?= 60
VENV := .venv
STAMPS := .build/stamps

.DEFAULT_GOAL := help
.PHONY: help setup setup-run setup-test build run test test-swift test-web test-e2e lint format bench kill-test sample fuzz clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: setup-run setup-test ## install everything that building and testing need

setup-run: ## install what building and running need
	@tools/setup.sh run

setup-test: ## install what the tests need beyond that
	@tools/setup.sh test

build: setup-run ## build the release program
	@SWIFT="$(SWIFT)" tools/build.sh $(BUILD_FLAGS)

run: build ## serve the sample logs (ROOT=DIR for others, PORT=N for another port)
	@exec .build/release/trainscope serve "$(ROOT)" --port $(PORT)

test: setup ## run all tests and checks, and count them
	@tools/test.sh all

test-swift: setup-run ## Swift tests only
	@tools/test.sh swift

test-web: setup-test ## JavaScript unit tests and checks only
	@tools/test.sh web

test-e2e: setup ## tests of the pages in headless Chromium only
	@tools/test.sh e2e

lint: setup ## swift format lint, and the checks of the JavaScript
	@tools/test.sh lint

format: ## format all Swift sources in place
	@$(SWIFT) format -i -r --parallel Package.swift Sources Tests web/WebPages.swift

bench: setup-run ## measure loading, writing and reading; beside TensorBoard's loader where it is installed
	@tools/bench.sh

kill-test: build ## kill readers, servers and trainings at random moments; every flushed point must survive once
	@for part in limits ingest server training; do \
	  tools/step.sh "Killing: $$part"; \
	  python3 Tests/kill/$$part.py --program .build/release/trainscope || exit 1; \
	done

fuzz: setup-run ## fuzz all readers for a minute each (SECONDS_EACH=N for longer)
	@SWIFT="$(SWIFT)" tools/fuzz.sh $(SECONDS_EACH)

sample: build ## regenerate logs-sample
	@tools/make-sample.sh

clean: ## remove what was built and installed here
	rm -rf .build $(VENV) .tools
