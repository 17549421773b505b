import Foundation
import Protos
import SwiftProtobuf
import Testing

@testable import Engine

/// Definitions of operations against TensorFlow 1.15's own (`tools/make_op_definitions.py`).
@Suite struct OpDefinitionTests {
  @Test func definitionsAreTensorFlows() throws {
    let list = try Tensorflow_OpList(serializedBytes: Data(contentsOf: Fixture.url("op_definitions.pb")))
    #expect(list.op.count > 300)
    for expected in list.op {
      guard let found = OpRegistry.standard[expected.name]?.proto else { continue }
      #expect(found.inputArg == expected.inputArg, "inputs of \(expected.name)")
      #expect(found.outputArg == expected.outputArg, "outputs of \(expected.name)")
      #expect(found.isStateful == expected.isStateful, "\(expected.name) is stateful")
      let attributes = Dictionary(uniqueKeysWithValues: found.attr.map { ($0.name, $0) })
      #expect(Set(attributes.keys) == Set(expected.attr.map(\.name)), "attributes of \(expected.name)")
      for attribute in expected.attr {
        guard let other = attributes[attribute.name] else { continue }
        let label = "\(expected.name), \(attribute.name)"
        #expect(other.type == attribute.type, "type of \(label)")
        #expect(other.hasDefaultValue == attribute.hasDefaultValue, "default of \(label)")
        // Numbers and tensors may be written in several ways.
        if !["float", "tensor"].contains(attribute.type) {
          #expect(other.defaultValue == attribute.defaultValue, "default of \(label)")
        }
        #expect(
          other.hasMinimum_p == attribute.hasMinimum_p && other.minimum == attribute.minimum, "minimum of \(label)")
        #expect(
          Set(other.allowedValues.list.type) == Set(attribute.allowedValues.list.type)
            && Set(other.allowedValues.list.s) == Set(attribute.allowedValues.list.s), "values of \(label)")
      }
    }
  }
}
