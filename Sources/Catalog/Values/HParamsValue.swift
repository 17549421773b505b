import Protos
import SwiftProtobuf

// Hyperparameters as names and values: the names of fields and enumerations are those of hparams.proto. Values of
// hyperparameters are of any type: null, a number, a string, a bool, a list or an object.

extension Tensorboard_Hparams_HParamsPluginData {
  /// `{"experiment": {…}}`, `{"session_start_info": {…}}` or `{"session_end_info": {…}}`.
  var plain: PlainValue {
    switch data {
    case .experiment(let experiment): .fields([.init("experiment", experiment.plain)])
    case .sessionStartInfo(let start): .fields([.init("session_start_info", start.plain)])
    case .sessionEndInfo(let end): .fields([.init("session_end_info", end.plain)])
    case nil: .fields([])
    }
  }
}

extension Tensorboard_Hparams_Experiment {
  fileprivate var plain: PlainValue {
    .fields([
      .init("name", .filled(name)), .init("description", .filled(description_p)), .init("user", .filled(user)),
      .init("time_created_secs", timeCreatedSecs == 0 ? .null : .number(timeCreatedSecs)),
      .init("hparam_infos", .list(hparamInfos.map(\.plain))), .init("metric_infos", .list(metricInfos.map(\.plain))),
    ])
  }
}

extension Tensorboard_Hparams_HParamInfo {
  fileprivate var plain: PlainValue {
    let type =
      switch self.type {
      case .string: "DATA_TYPE_STRING"
      case .bool: "DATA_TYPE_BOOL"
      case .float64: "DATA_TYPE_FLOAT64"
      case .unset, .UNRECOGNIZED: "DATA_TYPE_UNSET"
      }
    var fields: [PlainValue.Field] = [
      .init("name", .text(name)), .init("display_name", .filled(displayName)),
      .init("description", .filled(description_p)), .init("type", .text(type)),
    ]
    switch domain {
    case .domainDiscrete(let list): fields.append(.init("domain_discrete", .list(list.values.map { PlainValue($0) })))
    case .domainInterval(let interval):
      fields.append(
        .init(
          "domain_interval",
          .fields([.init("min_value", .number(interval.minValue)), .init("max_value", .number(interval.maxValue))])))
    case nil: break
    }
    return .fields(fields)
  }
}

extension Tensorboard_Hparams_MetricInfo {
  fileprivate var plain: PlainValue {
    let dataset =
      switch datasetType {
      case .datasetTraining: "DATASET_TRAINING"
      case .datasetValidation: "DATASET_VALIDATION"
      case .datasetUnknown, .UNRECOGNIZED: "DATASET_UNKNOWN"
      }
    return .fields([
      .init("name", .fields([.init("group", .text(name.group)), .init("tag", .text(name.tag))])),
      .init("display_name", .filled(displayName)), .init("description", .filled(description_p)),
      .init("dataset_type", .text(dataset)),
    ])
  }
}

extension Tensorboard_Hparams_SessionStartInfo {
  fileprivate var plain: PlainValue {
    .fields([
      .init(
        "hparams", .fields(hparams.sorted { $0.key < $1.key }.map { .init($0.key, PlainValue($0.value)) })),
      .init("group_name", .filled(groupName)), .init("model_uri", .filled(modelUri)),
      .init("monitor_url", .filled(monitorURL)),
      .init("start_time_secs", startTimeSecs == 0 ? .null : .number(startTimeSecs)),
    ])
  }
}

extension Tensorboard_Hparams_SessionEndInfo {
  fileprivate var plain: PlainValue {
    let status =
      switch self.status {
      case .success: "STATUS_SUCCESS"
      case .failure: "STATUS_FAILURE"
      case .running: "STATUS_RUNNING"
      case .unknown, .UNRECOGNIZED: "STATUS_UNKNOWN"
      }
    return .fields([
      .init("status", .text(status)), .init("end_time_secs", endTimeSecs == 0 ? .null : .number(endTimeSecs)),
    ])
  }
}

extension PlainValue {
  /// A value of any type, as protocol buffers write JSON.
  init(_ value: Google_Protobuf_Value) {
    switch value.kind {
    case .nullValue, nil: self = .null
    case .numberValue(let number): self = .number(number)
    case .stringValue(let text): self = .text(text)
    case .boolValue(let flag): self = .flag(flag)
    case .listValue(let list): self = .list(list.values.map { PlainValue($0) })
    case .structValue(let object):
      self = .fields(object.fields.sorted { $0.key < $1.key }.map { .init($0.key, PlainValue($0.value)) })
    }
  }
}
