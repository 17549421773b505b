import CKernels
import Testing

@testable import Tensors

struct FormattingTests {
  @Test(arguments: [
    (ScalarValue.float(0.1), "0.1"), (.float(.nan), "\"NaN\""), (.float(-.infinity), "\"-Infinity\""),
    (.double(5e-324), "5e-324"), (.float(-0.0), "-0.0"), (.integer(.min), "-9223372036854775808"),
    (.unsigned(.max), "18446744073709551615"), (.bool(true), "true"), (.complex(1, .nan), "[1.0,\"NaN\"]"),
    (.complexDouble(0.5, -2), "[0.5,-2.0]"), (.bytes(Array("a\"\n\u{1}é".utf8)), "\"a\\\"\\n\\u0001é\""),
    (.bytes([0, 255, 0]), "{\"base64\":\"AP8A\"}"), (.bytes([]), "\"\""),
  ]) func valuesPrintAsJSON(_ value: ScalarValue, _ json: String) {
    #expect(value.json == json)
  }

  @Test func valuesPrintForPeople() {
    #expect(ScalarValue.complex(1, -2).description == "1.0-2.0i")
    #expect(ScalarValue.complex(1, 2).description == "1.0+2.0i")
    #expect(ScalarValue.bytes([0x61, 0xff]).description == "a\\xff")
    #expect(ScalarValue.float(.infinity).description == "Infinity")
  }

  @Test func base64IsPadded() {
    for (text, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
      #expect(JSONText.base64(Array(text.utf8)) == expected)
    }
  }

  @Test func valuesBeyondTheEndAreLeftOut() {
    #expect(Tensor([Int8(1), 2]).values(1..<9) == [.integer(2)])
    #expect(Tensor([Int8(1), 2]).values(5..<9) == [])
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]) func sha256OfTheStandardsExamples(_ text: String, _ digest: String) {
    #expect(SHA256.hexDigest(Array(text.utf8)) == digest)
  }

  @Test func sha256DoesNotDependOnThePieces() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for cut in [1, 55, 63, 64, 65, 200] {
      var hash = SHA256()
      for start in stride(from: 0, to: bytes.count, by: cut) {
        hash.update(Array(bytes[start..<min(start + cut, 1000)]))
      }
      #expect(hash.hexDigest == SHA256.hexDigest(bytes))
    }
  }

  @Test func sha256InstructionsAndPlainLoopAgree() {
    let bytes = (0..<640).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var fast = [UInt32](repeating: 1, count: 8)
    var plain = fast
    ck_sha256_blocks(&fast, bytes, 10)
    ck_sha256_blocks_plain(&plain, bytes, 10)
    #expect(fast == plain)
  }
}
